# SPDX-License-Identifier: Apache-2.0
#
# For scripts that run a program of this repository from its sources:
#
#   build_once REPOSITORY MODULE MEGABYTES DEPENDENCY...
#
# compiles MODULE and the modules that it depends on, unless that was done and no source is newer, and leaves the class path
# in $class_path. What the first build downloads takes minutes, so it says how far it is.

build_once() {
  local repository=$1 module=$2 megabytes=$3
  shift 3
  local target=$repository/$module/target
  local file=$target/run.classpath
  if ! is_built "$repository" "$module" "$file" "$@"; then
    mkdir -p "$target"
    : >"$file.part" # as old as what is compiled
    echo "Building EMA4J: once, some $megabytes MB of downloads the first time ..." >&2
    # Formatting, style and bug patterns are for those who change the sources.
    (cd "$repository" &&
      mvn -B -pl "$module" -am -DskipTests -Dspotless.check.skip -Dcheckstyle.skip -Dbug.patterns=-g \
        compile dependency:build-classpath \
        -Dmdep.outputFile=target/run.dependencies -DincludeScope=runtime 2>&1) | progress >&2 || {
      echo 'The build failed; see above.' >&2
      exit 1
    }
    printf '%s:%s' "$target/classes" "$(<"$target/run.dependencies")" >"$file"
    touch -r "$file.part" "$file"
  fi
  class_path=$(<"$file")
}

# The class path is written last: sources that are newer than it are not compiled yet.
is_built() {
  local repository=$1 module=$2 file=$3 dependency
  shift 3
  [ -s "$file" ] || return 1
  [[ $(<"$file") == "$repository/$module/target/classes:"* ]] || return 1 # the clone has been moved
  for dependency in "$@"; do
    [ -d "$repository/$dependency/target/classes" ] || return 1
  done
  local sources=("$repository/pom.xml")
  for dependency in "$module" "$@"; do
    sources+=("$repository/$dependency/pom.xml" "$repository/$dependency/src/main")
  done
  [ -z "$(find "${sources[@]}" -newer "$file" -print -quit)" ]
}

progress() {
  local line downloads=0
  while IFS= read -r line; do
    case $line in
    '[INFO] Building EMA4J'*) line=${line#*Building } && printf '  %s\n' "${line%% 0.*}" ;;
    *'Downloaded from'*) downloads=$((downloads + 1)) && ((downloads % 50)) || printf '  %d files downloaded\n' "$downloads" ;;
    '[ERROR]'*) printf '%s\n' "$line" ;;
    esac
  done
}
