#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Installs a Java kernel for Jupyter that has EMA4J on its class path; see README.md beside this file.
set -euo pipefail

readonly KERNEL=io.github.padreati:rapaio-jupyter-kernel:3.0.1
repository=$(cd "$(dirname "$0")/../.." && pwd)

usage() {
  cat <<'END'
usage: install-kernel.sh [--prefix DIR]

Compiles EMA4J and its examples, and installs the Jupyter kernel "Java (EMA4J)" for the present user. Needs JDK 17 or
later and Maven 3.8 or later; the first run downloads what is missing.

  --prefix DIR  install into DIR/share/jupyter/kernels instead of the user's directory of kernels
  --help        print this
END
}

fail() {
  echo "install-kernel.sh: $1" >&2
  exit "${2:-1}"
}

# Where Jupyter looks for a user's kernels; https://docs.jupyter.org/en/latest/use/jupyter-directories.html
user_kernels() {
  if [ -n "${JUPYTER_DATA_DIR:-}" ]; then
    echo "$JUPYTER_DATA_DIR/kernels"
  elif [ "$(uname -s)" = Darwin ]; then
    echo "$HOME/Library/Jupyter/kernels"
  else
    echo "${XDG_DATA_HOME:-$HOME/.local/share}/jupyter/kernels"
  fi
}

kernels=
while [ $# -gt 0 ]; do
  case $1 in
    --prefix)
      [ -n "${2:-}" ] || fail '--prefix needs a directory' 2
      kernels=$2/share/jupyter/kernels
      shift 2
      ;;
    --help)
      usage
      exit
      ;;
    *)
      usage >&2
      fail "unknown option: $1" 2
      ;;
  esac
done
target=${kernels:-$(user_kernels)}/ema4j

# The same Java that compiles runs the cells, whatever the PATH of the program that starts the kernel.
if [ -n "${JAVA_HOME:-}" ]; then
  java=$JAVA_HOME/bin/java
else
  java=$(command -v java) || fail 'found no java: install JDK 17 or later, or set JAVA_HOME'
fi
version=$("$java" -XshowSettings:properties -version 2>&1 | sed -n 's/ *java.specification.version = //p')
[ "${version%%.*}" -ge 17 ] || fail "$java is of version $version: install JDK 17 or later, or set JAVA_HOME"
command -v mvn >/dev/null || fail 'found no mvn: install Maven 3.8 or later'

maven() {
  (cd "$repository" && mvn -q -B -ntp -Dspotless.check.skip -Dcheckstyle.skip "$@")
}

echo 'Compiling ...'
maven -pl examples -am compile dependency:build-classpath \
  -DincludeScope=runtime -Dmdep.outputFile=target/notebook-classpath '-Dmdep.pathSeparator=;'
class_path="$repository/examples/target/classes;$(cat "$repository/examples/target/notebook-classpath")"

# The kernel writes beside its jar, so it gets a copy of its own.
mkdir -p "$target"
maven -N dependency:copy -Dartifact="$KERNEL" -DoutputDirectory="$(cd "$target" && pwd)" -Dmdep.stripVersion=true

quoted() {
  printf '"%s"' "$(printf '%s' "$1" | sed 's/[\\"]/\\&/g')"
}
# The kernel 3.0.1 starts a thread and then tells it that it is to run; a thread that looks before that ends, and the
# kernel never answers. As a batch job a new thread does not interrupt the one that starts it.
batch=
if chrt --batch 0 true 2>/dev/null; then
  batch='"chrt", "--batch", "0",'
fi
# One OpenMP thread: with more, networks of this size spend their time waking threads.
cat >"$target/kernel.json.part" <<END
{
  "display_name": "Java (EMA4J)",
  "language": "java",
  "interrupt_mode": "message",
  "argv": [
    $batch
    $(quoted "$java"),
    "-Djava.awt.headless=true",
    "--enable-native-access=ALL-UNNAMED",
    "-jar",
    "{resource_dir}/rapaio-jupyter-kernel.jar",
    "{connection_file}"
  ],
  "env": {
    "OMP_NUM_THREADS": "1",
    "RJK_CLASSPATH": $(quoted "$class_path"),
    "RJK_COMPILER_OPTIONS": "",
    "RJK_INIT_SCRIPT": "",
    "RJK_MIMA_CACHE": "mima_cache",
    "RJK_TIMEOUT_MILLIS": "-1"
  }
}
END
mv "$target/kernel.json.part" "$target/kernel.json"
echo "Installed the kernel \"Java (EMA4J)\" in $target"
