#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# ND4J 1.0.0-M2.1: binary cross-entropy behind a softmax reports another loss than it trains.
#
# LossBinaryXENT is -sum(y log p + (1 - y) log(1 - p)). With ActivationSoftmax its score leaves out the second part, while its gradient
# is that of both parts. The score is then not what is minimised: it can rise while training does its work, and early stopping and
# learning curves compare another loss than with sigmoid.
#
# Seen: one example, two logits: score, both formulas, and the gradient of the score by differences against the one that is trained.
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
import org.nd4j.linalg.activations.impl.ActivationSoftmax;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.impl.LossBinaryXENT;

public class Probe {
  static double score(double first, double second) {
    return new LossBinaryXENT()
        .computeScore(labels(), logits(first, second), new ActivationSoftmax(), null, false);
  }

  static INDArray labels() {
    return Nd4j.createFromArray(new double[][] {{1, 0, 0}});
  }

  static INDArray logits(double first, double second) {
    return Nd4j.createFromArray(new double[][] {{first, second, 0}});
  }

  public static void main(String[] args) {
    double[] p = new double[3];
    double sum = Math.exp(0.5) + Math.exp(1.5) + 1;
    p[0] = Math.exp(0.5) / sum;
    p[1] = Math.exp(1.5) / sum;
    p[2] = 1 / sum;
    System.out.printf(
        Locale.ROOT,
        "| score %.4f, first part %.4f, both parts %.4f%n",
        score(0.5, 1.5),
        -Math.log(p[0]),
        -Math.log(p[0]) - Math.log(1 - p[1]) - Math.log(1 - p[2]));
    INDArray gradient =
        new LossBinaryXENT()
            .computeGradient(labels(), logits(0.5, 1.5), new ActivationSoftmax(), null);
    System.out.printf(
        Locale.ROOT,
        "| gradient at the second logit: trained %.4f, of the score %.4f%n",
        gradient.getDouble(1),
        (score(0.5, 1.5 + 1e-5) - score(0.5, 1.5 - 1e-5)) / 2e-5);
  }
}
JAVA
java -cp "$(<classpath)" Probe.java 2>log | grep -o '| .*' | tee seen || { cat log >&2; exit 1; }

diff seen - >&2 <<'EXPECTED' || { echo 'The behaviour has changed.' >&2; exit 1; }
| score 1.4644, first part 1.4644, both parts 2.6058
| gradient at the second logit: trained 1.1545, of the score 0.6285
EXPECTED
