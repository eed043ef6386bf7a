#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# ND4J 1.0.0-M2.1: the "precise" GELU is further from GELU than the one that is not.
#
# GELU is x * Phi(x). ActivationGELU(false), which is Activation.GELU, approximates it by x * sigmoid(1.702 x), to 0.02 at worst;
# ActivationGELU(true) should be the tanh form of Hendrycks and Gimpel, 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))), to
# 0.0005. What it computes agrees to three digits with the form without the cubic term, off by up to 0.03. Weights that were trained
# elsewhere with the tanh form (BERT, GPT-2) meet another activation.
#
# Seen: at some x, both forms, the tanh form as published, and the form without its cubic term.
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
import org.nd4j.linalg.activations.impl.ActivationGELU;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

public class Probe {
  static double at(boolean precise, double x) {
    return new ActivationGELU(precise)
        .getActivation(Nd4j.valueArrayOf(new long[] {1, 1}, x, DataType.DOUBLE), false)
        .getDouble(0);
  }

  static double tanhForm(double x, double cubic) {
    return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + cubic * x * x * x)));
  }

  public static void main(String[] args) {
    for (double x : new double[] {-2, -1, 1, 2, 3}) {
      System.out.printf(
          Locale.ROOT,
          "| x %.0f: GELU(false) %.3f, GELU(true) %.3f, tanh form %.3f, without the cubic term %.3f%n",
          x, at(false, x), at(true, x), tanhForm(x, 0.044715), tanhForm(x, 0));
    }
  }
}
JAVA
java -cp "$(<classpath)" Probe.java 2>log | grep -o '| .*' | tee seen || { cat log >&2; exit 1; }

diff seen - >&2 <<'EXPECTED' || { echo 'The behaviour has changed.' >&2; exit 1; }
| x -2: GELU(false) -0.064, GELU(true) -0.079, tanh form -0.045, without the cubic term -0.079
| x -1: GELU(false) -0.154, GELU(true) -0.169, tanh form -0.159, without the cubic term -0.169
| x 1: GELU(false) 0.846, GELU(true) 0.831, tanh form 0.841, without the cubic term 0.831
| x 2: GELU(false) 1.936, GELU(true) 1.921, tanh form 1.955, without the cubic term 1.921
| x 3: GELU(false) 2.982, GELU(true) 2.975, tanh form 2.996, without the cubic term 2.975
EXPECTED
