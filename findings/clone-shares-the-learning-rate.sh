#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Deeplearning4j 1.0.0-M2.1: setLearningRate of a clone changes the learning rate of the original, and the other way round.
#
# MultiLayerNetwork.clone() and ComputationGraph.clone() copy the configuration and the parameters, but both networks keep the very same
# IUpdater objects, into which setLearningRate writes. The original takes other steps at once, and what is saved of it says the
# other rate. Fine-tuning a copy at a rate of its own while the original trains on is enough.
#
# Seen: the learning rate of the original and the length of its next step, before and after it is saved and loaded.
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
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.util.Locale;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

public class Probe {
  static NeuralNetConfiguration.Builder builder() {
    return new NeuralNetConfiguration.Builder().seed(1).updater(new Sgd(0.1));
  }

  static OutputLayer layer() {
    return new OutputLayer.Builder(LossFunction.MSE)
        .activation(Activation.IDENTITY)
        .nIn(1)
        .nOut(1)
        .hasBias(false)
        .build();
  }

  /** Of a gradient of -2: the weight is 0, the input 1, and 1 is wanted. */
  static String step(MultiLayerNetwork net) {
    net.setParams(Nd4j.zeros(1, 1));
    net.fit(new DataSet(Nd4j.ones(1, 1), Nd4j.ones(1, 1)));
    return String.format(Locale.ROOT, "%.2f", net.params().getDouble(0));
  }

  static MultiLayerNetwork savedAndLoaded(MultiLayerNetwork net) throws Exception {
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    ModelSerializer.writeModel(net, file, true);
    return ModelSerializer.restoreMultiLayerNetwork(new ByteArrayInputStream(file.toByteArray()));
  }

  public static void main(String[] args) throws Exception {
    MultiLayerNetwork net = new MultiLayerNetwork(builder().list().layer(layer()).build());
    net.init();
    System.out.println("| original: learning rate " + net.getLearningRate(0) + ", step " + step(net));
    MultiLayerNetwork clone = net.clone();
    clone.setLearningRate(0.4);
    System.out.println("| original, after clone.setLearningRate(0.4): learning rate " + net.getLearningRate(0)
        + ", step " + step(net));
    System.out.println("| original, saved and loaded: step " + step(savedAndLoaded(net)));

    ComputationGraph graph =
        new ComputationGraph(builder().graphBuilder().addInputs("in").addLayer("out", layer(), "in").setOutputs("out").build());
    graph.init();
    graph.clone().setLearningRate(0.4);
    System.out.println("| graph, after graph.clone().setLearningRate(0.4): learning rate " + graph.getLearningRate("out"));
  }
}
JAVA
java -cp "$(<classpath)" Probe.java 2>log | grep -o '| .*' | tee seen || { cat log >&2; exit 1; }

diff seen - >&2 <<'EXPECTED' || { echo 'The behaviour has changed.' >&2; exit 1; }
| original: learning rate 0.1, step 0.20
| original, after clone.setLearningRate(0.4): learning rate 0.4, step 0.80
| original, saved and loaded: step 0.80
| graph, after graph.clone().setLearningRate(0.4): learning rate 0.4
EXPECTED
