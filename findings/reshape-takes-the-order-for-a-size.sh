#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# ND4J 1.0.0-M2.1: INDArray.reshape('c', length) takes the letter for a number of rows.
#
# reshape(char order, int... shape) and reshape(long rows, long columns) both take a letter and one number, and Java prefers the one
# without variable arguments: 'c' is 99 rows. Any length but 0 throws. With a shape of one dimension, or of two as variables of type
# long in reshape('c', rows, columns), which is right, the call looks alike. new long[] {length} is read as meant.
#
# Seen: the shapes.
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
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

public class Probe {
  static void print(String call, java.util.function.Supplier<INDArray> reshaped) {
    String seen;
    try {
      seen = Arrays.toString(reshaped.get().shape());
    } catch (RuntimeException e) {
      seen = e.getMessage();
    }
    System.out.println("| " + call + ": " + seen);
  }

  public static void main(String[] args) {
    INDArray six = Nd4j.ones(2, 3);
    print("reshape('c', 6)", () -> six.reshape('c', 6));
    print("reshape('c', six.length())", () -> six.reshape('c', six.length()));
    print("reshape('c', new long[] {6})", () -> six.reshape('c', new long[] {6}));
    print("reshape('c', 3L, 2L)", () -> six.reshape('c', 3L, 2L));
  }
}
JAVA
java -cp "$(<classpath)" Probe.java 2>log | grep -o '| .*' | tee seen || { cat log >&2; exit 1; }

diff seen - >&2 <<'EXPECTED' || { echo 'The behaviour has changed.' >&2; exit 1; }
| reshape('c', 6): New shape length doesn't match original length: [594] vs [6]. Original shape: [2, 3] New Shape: [99, 6]
| reshape('c', six.length()): New shape length doesn't match original length: [594] vs [6]. Original shape: [2, 3] New Shape: [99, 6]
| reshape('c', new long[] {6}): [6]
| reshape('c', 3L, 2L): [3, 2]
EXPECTED
