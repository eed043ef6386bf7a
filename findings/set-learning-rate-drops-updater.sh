#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Deeplearning4j 1.0.0-M2.1: setLearningRate drops an updater of one's own without a word.
#
# MultiLayerNetwork.setUpdater and ComputationGraph.setUpdater take an updater that is not Deeplearning4j's, for example one that
# computes in another way. setLearningRate, called with a number or a schedule, for all layers or one, sets it to null and builds one of
# Deeplearning4j's, with a copy of the state. Training goes on, with other arithmetic than the program asked for. Learning
# rates are commonly set before every epoch.
#
# Seen: the class of the updater after setUpdater and after setLearningRate.
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
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.updater.MultiLayerUpdater;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

public class Probe {
  static class Own extends MultiLayerUpdater {
    Own(MultiLayerNetwork network) {
      super(network);
    }
  }

  public static void main(String[] args) {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .updater(new Adam(0.01))
                .list()
                .layer(
                    new OutputLayer.Builder(LossFunction.MSE)
                        .nIn(4)
                        .nOut(2)
                        .activation(Activation.IDENTITY)
                        .build())
                .build());
    network.init();
    network.setUpdater(new Own(network));
    System.out.println("| after setUpdater: " + network.getUpdater().getClass().getSimpleName());
    network.setLearningRate(0.005);
    System.out.println("| after setLearningRate: " + network.getUpdater().getClass().getSimpleName());
  }
}
JAVA
java -cp "$(<classpath)" Probe.java 2>log | grep -o '| .*' | tee seen || { cat log >&2; exit 1; }

diff seen - >&2 <<'EXPECTED' || { echo 'The behaviour has changed.' >&2; exit 1; }
| after setUpdater: Own
| after setLearningRate: MultiLayerUpdater
EXPECTED
