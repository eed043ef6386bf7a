#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# ND4J 1.0.0-M2.1: SameDiff's variance is differentiated as if it were bias-corrected, also where it is not.
#
# sd.variance(x, biasCorrected, axis) divides by n - 1 or by n, as asked; its gradient always divides by n - 1: too large by n / (n - 1).
# The gradient of sd.standardDeviation is right in both cases.
#
# Seen: the gradient at the last of n values 1 to n, and what it should be.
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
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

public class Probe {
  static double gradient(int n, boolean corrected, boolean deviation) {
    SameDiff sd = SameDiff.create();
    SDVariable x = sd.var("x", Nd4j.linspace(DataType.DOUBLE, 1.0, 1.0, n).reshape(n, 1));
    SDVariable loss =
        deviation ? sd.standardDeviation(x, corrected, 0) : sd.variance(x, corrected, 0);
    sd.sum("loss", loss);
    sd.setLossVariables("loss");
    return sd.calculateGradients(null, "x").get("x").getDouble(n - 1);
  }

  public static void main(String[] args) {
    for (int n : new int[] {2, 4, 16}) {
      for (boolean corrected : new boolean[] {true, false}) {
        double divisor = corrected ? n - 1 : n;
        double fromMean = (n - 1) / 2.0;
        double variance = n * (n * n - 1.0) / 12 / divisor;
        System.out.printf(
            Locale.ROOT,
            "| n %d, %s: variance %.3f, should be %.3f; deviation %.3f, should be %.3f%n",
            n,
            corrected ? "corrected" : "not corrected",
            gradient(n, corrected, false),
            2 * fromMean / divisor,
            gradient(n, corrected, true),
            fromMean / divisor / Math.sqrt(variance));
      }
    }
  }
}
JAVA
java -cp "$(<classpath)" Probe.java 2>log | grep -o '| .*' | tee seen || { cat log >&2; exit 1; }

diff seen - >&2 <<'EXPECTED' || { echo 'The behaviour has changed.' >&2; exit 1; }
| n 2, corrected: variance 1.000, should be 1.000; deviation 0.707, should be 0.707
| n 2, not corrected: variance 1.000, should be 0.500; deviation 0.500, should be 0.500
| n 4, corrected: variance 1.000, should be 1.000; deviation 0.387, should be 0.387
| n 4, not corrected: variance 1.000, should be 0.750; deviation 0.335, should be 0.335
| n 16, corrected: variance 1.000, should be 1.000; deviation 0.105, should be 0.105
| n 16, not corrected: variance 1.000, should be 0.938; deviation 0.102, should be 0.102
EXPECTED
