#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# ND4J 1.0.0-M2.1: SameDiff trains other rows than gather took.
#
# The gradient of sd.gather(table, indices, 0), which is how an embedding is looked up, is put into the table at the positions of the
# rows in the result, as if the indices were 0, 1, 2, ...; rows that were taken more than once do not get the sum. With as many
# indices as the table has rows that is silent; with another number the backward pass fails. The forward pass is right.
#
# Seen: the gradient of sum(gather(table, indices) * weights), with the weights 1, 2 for the first row of the result, 3, 4 for the
# second, 5, 6 for the third, and what it should be.
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
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

public class Probe {
  static String rows(float[][] rows) {
    return Arrays.deepToString(rows);
  }

  static void print(int... indices) {
    SameDiff sd = SameDiff.create();
    SDVariable table = sd.var("table", Nd4j.createFromArray(new float[3][2]));
    float[][] weights = {{1, 2}, {3, 4}, {5, 6}};
    SDVariable taken = sd.gather(table, sd.constant(Nd4j.createFromArray(indices)), 0);
    sd.sum("loss", taken.mul(sd.constant(Nd4j.createFromArray(weights))));
    sd.setLossVariables("loss");
    INDArray gradient = sd.calculateGradients(null, "table").get("table");

    float[][] expected = new float[3][2];
    for (int row = 0; row < indices.length; row++) {
      for (int column = 0; column < 2; column++) {
        expected[indices[row]][column] += weights[row][column];
      }
    }
    System.out.printf(
        "| indices %s: %s, should be %s%n",
        Arrays.toString(indices), rows(gradient.toFloatMatrix()), rows(expected));
  }

  public static void main(String[] args) {
    print(0, 1, 2);
    print(1, 0, 2);
    print(1, 0, 1);
    print(0, 0, 0);
  }
}
JAVA
java -cp "$(<classpath)" Probe.java 2>log | grep -o '| .*' | tee seen || { cat log >&2; exit 1; }

diff seen - >&2 <<'EXPECTED' || { echo 'The behaviour has changed.' >&2; exit 1; }
| indices [0, 1, 2]: [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], should be [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]
| indices [1, 0, 2]: [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], should be [[3.0, 4.0], [1.0, 2.0], [5.0, 6.0]]
| indices [1, 0, 1]: [[1.0, 2.0], [3.0, 4.0], [0.0, 0.0]], should be [[3.0, 4.0], [6.0, 8.0], [0.0, 0.0]]
| indices [0, 0, 0]: [[1.0, 2.0], [0.0, 0.0], [0.0, 0.0]], should be [[9.0, 12.0], [0.0, 0.0], [0.0, 0.0]]
EXPECTED
