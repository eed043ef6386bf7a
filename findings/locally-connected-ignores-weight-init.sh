#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# DL4J 1.0.0-M2.1: LocallyConnected2D starts with Xavier weights, whatever weightInit says for the network.
#
# The setting of the network reaches every other layer that holds none of its own. This layer, which is made of SameDiff, is left with
# XAVIER; so is LocallyConnected1D. Only weightInit on the layer itself is heard.
#
# Seen: the standard deviation of the weights where the network asks for zeros.
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
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.LocallyConnected1D;
import org.deeplearning4j.nn.conf.layers.LocallyConnected2D;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.weights.WeightInit;

public class Probe {
  static void print(String name, Layer layer, InputType input) {
    MultiLayerNetwork net =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .seed(1)
                .weightInit(WeightInit.ZERO)
                .list(layer)
                .setInputType(input)
                .build());
    net.init();
    System.out.printf(
        Locale.ROOT, "| %s: %.2f%n", name, net.getParam("0_W").stdNumber().doubleValue());
  }

  public static void main(String[] args) {
    InputType image = InputType.convolutional(8, 8, 4);
    print("ConvolutionLayer", new ConvolutionLayer.Builder(3, 3).nOut(4).build(), image);
    print(
        "LocallyConnected2D",
        new LocallyConnected2D.Builder().kernelSize(3, 3).nOut(4).build(),
        image);
    print(
        "LocallyConnected2D with its own",
        new LocallyConnected2D.Builder()
            .kernelSize(3, 3)
            .nOut(4)
            .weightInit(WeightInit.ZERO)
            .build(),
        image);
    print(
        "LocallyConnected1D",
        new LocallyConnected1D.Builder().kernelSize(3).nOut(4).build(),
        InputType.recurrent(4, 8));
  }
}
JAVA
java -cp "$(<classpath)" Probe.java 2>log | grep -o '| .*' | tee seen || { cat log >&2; exit 1; }

diff seen - >&2 <<'EXPECTED' || { echo 'The behaviour has changed.' >&2; exit 1; }
| ConvolutionLayer: 0.00
| LocallyConnected2D: 0.17
| LocallyConnected2D with its own: 0.00
| LocallyConnected1D: 0.28
EXPECTED
