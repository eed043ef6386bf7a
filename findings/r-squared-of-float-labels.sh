#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# ND4J 1.0.0-M2.1: RegressionEvaluation of FLOAT labels can give an R squared above one, and a correlation that is NaN.
#
# R squared is at most 1 by definition. RegressionEvaluation keeps sums of squares in the type of its labels, and subtracts squared
# means from them. Labels with a large mean and a small spread, such as temperatures in Kelvin or prices, lose all digits of their
# variance in FLOAT, the default type. The same values as DOUBLE are right to seven digits. Whoever keeps the
# network with the best R squared keeps one at random.
#
# Seen: R squared and Pearson's correlation of four values near 1000, as FLOAT and as DOUBLE, and what the definition gives.
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
import org.nd4j.evaluation.regression.RegressionEvaluation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

public class Probe {
  public static void main(String[] args) {
    double[] labels = {1000.0, 1000.1, 1000.2, 1000.3};
    double[] predictions = {1000.0, 1000.1, 1000.2, 1000.4};
    for (DataType type : new DataType[] {DataType.FLOAT, DataType.DOUBLE}) {
      RegressionEvaluation evaluation = new RegressionEvaluation(1);
      evaluation.eval(
          Nd4j.createFromArray(labels).castTo(type).reshape(4, 1),
          Nd4j.createFromArray(predictions).castTo(type).reshape(4, 1));
      System.out.printf(
          Locale.ROOT,
          "| %s: R squared %s, correlation %.3f%n",
          type,
          evaluation.rSquared(0) > 1 ? "above one" : String.format(Locale.ROOT, "%.3f", evaluation.rSquared(0)),
          evaluation.pearsonCorrelation(0));
    }
    double mean = 1000.15;
    double residual = 0;
    double total = 0;
    for (int i = 0; i < 4; i++) {
      residual += Math.pow(labels[i] - predictions[i], 2);
      total += Math.pow(labels[i] - mean, 2);
    }
    System.out.printf(Locale.ROOT, "| by definition: %.3f%n", 1 - residual / total);
  }
}
JAVA
java -cp "$(<classpath)" Probe.java 2>log | grep -o '| .*' | tee seen || { cat log >&2; exit 1; }

diff seen - >&2 <<'EXPECTED' || { echo 'The behaviour has changed.' >&2; exit 1; }
| FLOAT: R squared above one, correlation NaN
| DOUBLE: R squared 0.800, correlation 0.983
| by definition: 0.800
EXPECTED
