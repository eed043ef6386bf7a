#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# ND4J 1.0.0-M2.1: sums and means are added up in the array's own type, one element after the other, and stop growing.
#
# A FLOAT sum of ones ends at 2^24, HALF at 2^11, BFLOAT16 at 2^8: from there on, one more is less than half a unit in the last place.
# The mean of 20 million ones is 0.84, that of 1,000 ones in BFLOAT16 0.256, while meanNumber says 1. PyTorch and NumPy add by pairs, or
# in a wider type. With several threads (OMP_NUM_THREADS) each adds up its part, so that the limit is a multiple of this one. cumsum
# along the whole array is right, as it adds in another way.
#
# Seen: sums and means of ones.
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
import java.util.Locale;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

public class Probe {
  static void print(DataType type, int count) {
    INDArray ones = Nd4j.ones(type, count);
    System.out.printf(
        Locale.ROOT,
        "| %,d ones in %s: sum %.0f, mean %.3f, meanNumber %.3f%n",
        count,
        type,
        ones.sum().getDouble(0),
        ones.mean().getDouble(0),
        ones.meanNumber().doubleValue());
  }

  public static void main(String[] args) {
    print(DataType.FLOAT, 10_000_000);
    print(DataType.FLOAT, 20_000_000);
    print(DataType.DOUBLE, 20_000_000);
    print(DataType.HALF, 4_000);
    print(DataType.BFLOAT16, 1_000);
  }
}
JAVA
java -cp "$(<classpath)" Probe.java 2>log | grep -o '| .*' | tee seen || { cat log >&2; exit 1; }

diff seen - >&2 <<'EXPECTED' || { echo 'The behaviour has changed.' >&2; exit 1; }
| 10,000,000 ones in FLOAT: sum 10000000, mean 1.000, meanNumber 1.000
| 20,000,000 ones in FLOAT: sum 16777216, mean 0.839, meanNumber 0.839
| 20,000,000 ones in DOUBLE: sum 20000000, mean 1.000, meanNumber 1.000
| 4,000 ones in HALF: sum 2048, mean 1.000, meanNumber 1.000
| 1,000 ones in BFLOAT16: sum 256, mean 0.256, meanNumber 0.256
EXPECTED
