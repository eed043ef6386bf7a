#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Deeplearning4j 1.0.0-M2.1: setLearningRate passes over the layers in a Bidirectional, without a word.
#
# MultiLayerNetwork.setLearningRate(0.001) sets the rate of all layers of class BaseLayer. Bidirectional is none, and the LSTM in it keeps the
# rate that it was built with, while the layers around it change. Learning rates are commonly lowered in this way during training. Other
# wrappers (MaskZeroLayer, TimeDistributed) are not passed over.
#
# Seen: the learning rates of the layers after setLearningRate(0.001); all were built with 0.1.
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
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.layers.recurrent.Bidirectional;
import org.deeplearning4j.nn.conf.layers.recurrent.TimeDistributed;
import org.deeplearning4j.nn.conf.layers.util.MaskZeroLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

public class Probe {
  static LSTM lstm() {
    return new LSTM.Builder().nIn(3).nOut(3).build();
  }

  static void show(String name, Layer layer, String param) {
    MultiLayerNetwork net =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .seed(1)
                .updater(new Sgd(0.1))
                .list()
                .layer(layer)
                .layer(
                    new RnnOutputLayer.Builder(LossFunction.MSE)
                        .activation(Activation.IDENTITY)
                        .nIn(name.startsWith("Bi") ? 6 : 3)
                        .nOut(1)
                        .build())
                .build());
    net.init();
    net.setLearningRate(0.001);
    System.out.println("| " + name + ": " + net.getLayer(0).conf().getLayer().getUpdaterByParam(param).getLearningRate(0, 0)
        + ", the output layer after it: " + net.getLearningRate(1));
  }

  public static void main(String[] args) {
    show("LSTM", lstm(), "W");
    show("Bidirectional(LSTM)", new Bidirectional(lstm()), "fW");
    show("MaskZeroLayer(LSTM)", new MaskZeroLayer(lstm(), 0), "W");
    show("TimeDistributed(DenseLayer)", new TimeDistributed(new DenseLayer.Builder().nIn(3).nOut(3).build()), "W");
  }
}
JAVA
java -cp "$(<classpath)" Probe.java 2>log | grep -o '| .*' | tee seen || { cat log >&2; exit 1; }

diff seen - >&2 <<'EXPECTED' || { echo 'The behaviour has changed.' >&2; exit 1; }
| LSTM: 0.001, the output layer after it: 0.001
| Bidirectional(LSTM): 0.1, the output layer after it: 0.001
| MaskZeroLayer(LSTM): 0.001, the output layer after it: 0.001
| TimeDistributed(DenseLayer): 0.001, the output layer after it: 0.001
EXPECTED
