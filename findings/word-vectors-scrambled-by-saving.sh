#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Deeplearning4j 1.0.0-M2.1: an embedding layer that was initialised with vectors has them scrambled after saving and loading.
#
# EmbeddingLayer and EmbeddingSequenceLayer take initial vectors as an array or an EmbeddingInitializer, such as a Word2Vec model. They are
# put into the parameter vector row by row, and the layer's view of it is in 'c' order. A network that is built from its configuration views the
# same numbers in 'f' order: save and load keep every number, and each word gets a mixture of other words' numbers. Nothing fails.
# A network that is initialised at random has the same order before and after.
#
# Seen: whether the network computes the same after save and load, with random and with given vectors.
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
import java.io.File;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.EmbeddingLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

public class Probe {
  public static void main(String[] args) throws Exception {
    for (boolean given : new boolean[] {false, true}) {
      EmbeddingLayer.Builder words =
          new EmbeddingLayer.Builder().nIn(30).nOut(8).activation(Activation.IDENTITY);
      if (given) {
        words.weightInit(Nd4j.rand(30, 8));
      }
      MultiLayerNetwork network =
          new MultiLayerNetwork(
              new NeuralNetConfiguration.Builder()
                  .seed(1)
                  .list()
                  .layer(words.build())
                  .layer(new OutputLayer.Builder().nIn(8).nOut(2).build())
                  .build());
      network.init();
      INDArray word = Nd4j.createFromArray(0f, 7f, 19f).reshape(3, 1);
      INDArray before = network.output(word).dup();
      network.save(new File("network.zip"));
      MultiLayerNetwork loaded = MultiLayerNetwork.load(new File("network.zip"), false);
      System.out.println(
          "| vectors " + (given ? "given" : "random")
              + ": parameters equal " + network.params().equals(loaded.params())
              + ", output equal " + before.equals(loaded.output(word)));
    }
  }
}
JAVA
java -cp "$(<classpath)" Probe.java 2>log | grep -o '| .*' | tee seen || { cat log >&2; exit 1; }

diff seen - >&2 <<'EXPECTED' || { echo 'The behaviour has changed.' >&2; exit 1; }
| vectors random: parameters equal true, output equal true
| vectors given: parameters equal true, output equal false
EXPECTED
