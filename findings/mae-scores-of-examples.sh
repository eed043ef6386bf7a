#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# ND4J 1.0.0-M2.1: the scores of examples under mean absolute error are sums, the score of the network is their mean over the outputs.
#
# LossMAE divides by the number of outputs in computeScore, but not in computeScoreArray, which scoreExamples uses. The scores of single
# examples, by which outliers are found and Spark scores a data set, are too large by the number of outputs, and their mean is not the
# score. LossMSE divides in both.
#
# Seen: a network without weights in effect, with four outputs that are each off by 1, and by 3 for the second example.
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
import java.util.Locale;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.LossLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

public class Probe {
  public static void main(String[] args) {
    DataSet data =
        new DataSet(
            Nd4j.createFromArray(new float[][] {{1, 1, 1, 1}, {3, 3, 3, 3}}),
            Nd4j.createFromArray(new float[2][4]));
    for (LossFunction loss :
        new LossFunction[] {
          LossFunction.MEAN_ABSOLUTE_ERROR, LossFunction.L1, LossFunction.MSE, LossFunction.L2
        }) {
      MultiLayerNetwork net =
          new MultiLayerNetwork(
              new NeuralNetConfiguration.Builder()
                  .list(new LossLayer.Builder(loss).activation(Activation.IDENTITY).build())
                  .build());
      net.init();
      System.out.printf(
          Locale.ROOT,
          "| %s: score %.1f, scores of the examples %s%n",
          loss, net.score(data), Arrays.toString(net.scoreExamples(data, false).toFloatVector()));
    }
  }
}
JAVA
java -cp "$(<classpath)" Probe.java 2>log | grep -o '| .*' | tee seen || { cat log >&2; exit 1; }

diff seen - >&2 <<'EXPECTED' || { echo 'The behaviour has changed.' >&2; exit 1; }
| MEAN_ABSOLUTE_ERROR: score 2.0, scores of the examples [4.0, 12.0]
| L1: score 8.0, scores of the examples [4.0, 12.0]
| MSE: score 5.0, scores of the examples [1.0, 9.0]
| L2: score 20.0, scores of the examples [4.0, 36.0]
EXPECTED
