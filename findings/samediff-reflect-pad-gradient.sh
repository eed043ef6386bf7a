#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# ND4J 1.0.0-M2.1: SameDiff's padding by reflection passes back no gradient from the padding.
#
# sd.nn.pad with PadMode.REFLECT or SYMMETRIC copies values of the array into its margin. The backward pass cuts the margin off, as for
# padding with a constant, so that values near the edge lose the gradient of their copies.
#
# Seen: the gradient of sum(pad(x) * weights) for three values with a margin of one on each side, weights 1 to 5, and what it should be.
#
# Needs JDK 17 and Maven. Ends with 0 while the output is the one below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export OMP_NUM_THREADS=1

cat >pom.xml <<'XML'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>finding</groupId>
  <artifactId>finding</artifactId>
  <version>1</version>
  <dependencies>
    <dependency><groupId>org.deeplearning4j</groupId><artifactId>deeplearning4j-core</artifactId><version>1.0.0-M2.1</version></dependency>
    <dependency><groupId>org.nd4j</groupId><artifactId>nd4j-native-platform</artifactId><version>1.0.0-M2.1</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
XML
mvn -B -q org.apache.maven.plugins:maven-dependency-plugin:3.8.1:build-classpath -Dmdep.outputFile=classpath >&2

cat >Probe.java <<'JAVA'
import java.util.Arrays;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.enums.PadMode;
import org.nd4j.linalg.factory.Nd4j;

public class Probe {
  static void print(PadMode mode, String expected) {
    SameDiff sd = SameDiff.create();
    SDVariable x = sd.var("x", Nd4j.createFromArray(10f, 20f, 30f));
    SDVariable margins = sd.constant(Nd4j.createFromArray(new int[][] {{1, 1}}));
    SDVariable padded = sd.nn().pad(x, margins, mode, 0);
    sd.sum("loss", padded.mul(sd.constant(Nd4j.createFromArray(1f, 2f, 3f, 4f, 5f))));
    sd.setLossVariables("loss");
    System.out.printf(
        "| %s: padded %s, gradient %s, should be %s%n",
        mode,
        Arrays.toString(padded.eval().toFloatVector()),
        Arrays.toString(sd.calculateGradients(null, "x").get("x").toFloatVector()),
        expected);
  }

  public static void main(String[] args) {
    print(PadMode.CONSTANT, "[2.0, 3.0, 4.0]");
    print(PadMode.REFLECT, "[2.0, 9.0, 4.0]");
    print(PadMode.SYMMETRIC, "[3.0, 3.0, 9.0]");
  }
}
JAVA
java -cp "$(<classpath)" Probe.java 2>log | grep -o '| .*' | tee seen || { cat log >&2; exit 1; }

diff seen - >&2 <<'EXPECTED' || { echo 'The behaviour has changed.' >&2; exit 1; }
| CONSTANT: padded [0.0, 10.0, 20.0, 30.0, 0.0], gradient [2.0, 3.0, 4.0], should be [2.0, 3.0, 4.0]
| REFLECT: padded [20.0, 10.0, 20.0, 30.0, 20.0], gradient [2.0, 3.0, 4.0], should be [2.0, 9.0, 4.0]
| SYMMETRIC: padded [10.0, 10.0, 20.0, 30.0, 30.0], gradient [2.0, 3.0, 4.0], should be [3.0, 3.0, 9.0]
EXPECTED
