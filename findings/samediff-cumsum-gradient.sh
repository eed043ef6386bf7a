#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# ND4J 1.0.0-M2.1: the gradient of SameDiff's cumsum does not know the axis.
#
# sd.cumsum(x, axis) sums along the axis; its backward pass sums, from the end, over the whole array as one vector, whatever the axis.
# It is right for vectors, and for axis 0 of a matrix.
#
# Seen: the gradient of sum(cumsum(x) * weights) for a matrix of 2 by 3, weights 1 to 6, and what it should be.
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
import org.nd4j.linalg.factory.Nd4j;

public class Probe {
  static void print(boolean reverse, int axis) {
    SameDiff sd = SameDiff.create();
    SDVariable x = sd.var("x", Nd4j.createFromArray(new float[2][3]));
    float[][] weights = {{1, 2, 3}, {4, 5, 6}};
    SDVariable sums = sd.cumsum(x, false, reverse, axis);
    sd.sum("loss", sums.mul(sd.constant(Nd4j.createFromArray(weights))));
    sd.setLossVariables("loss");
    float[][] gradient = sd.calculateGradients(null, "x").get("x").toFloatMatrix();

    float[][] expected = new float[2][3];
    for (int i = 0; i < 2; i++) {
      for (int j = 0; j < 3; j++) {
        for (int k = 0; k < 2; k++) {
          for (int l = 0; l < 3; l++) {
            boolean same = axis == 0 ? j == l : i == k;
            int distance = axis == 0 ? k - i : l - j;
            if (same && (reverse ? distance <= 0 : distance >= 0)) {
              expected[i][j] += weights[k][l];
            }
          }
        }
      }
    }
    System.out.printf(
        "| axis %d%s: %s, should be %s%n",
        axis,
        reverse ? ", reverse" : "",
        Arrays.deepToString(gradient),
        Arrays.deepToString(expected));
  }

  public static void main(String[] args) {
    print(false, 0);
    print(false, 1);
    print(true, 0);
    print(true, 1);
  }
}
JAVA
java -cp "$(<classpath)" Probe.java 2>log | grep -o '| .*' | tee seen || { cat log >&2; exit 1; }

diff seen - >&2 <<'EXPECTED' || { echo 'The behaviour has changed.' >&2; exit 1; }
| axis 0: [[5.0, 7.0, 9.0], [4.0, 5.0, 6.0]], should be [[5.0, 7.0, 9.0], [4.0, 5.0, 6.0]]
| axis 1: [[21.0, 20.0, 18.0], [15.0, 11.0, 6.0]], should be [[6.0, 5.0, 3.0], [15.0, 11.0, 6.0]]
| axis 0, reverse: [[21.0, 20.0, 18.0], [15.0, 11.0, 6.0]], should be [[1.0, 2.0, 3.0], [5.0, 7.0, 9.0]]
| axis 1, reverse: [[6.0, 5.0, 3.0], [15.0, 11.0, 6.0]], should be [[1.0, 3.0, 6.0], [4.0, 9.0, 15.0]]
EXPECTED
