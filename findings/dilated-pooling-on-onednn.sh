#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# ND4J 1.0.0-M2.1, native with oneDNN: pooling with a dilation is computed without it, and nothing says so.
#
# The library nd4j-native with the classifier linux-x86_64-onednn, which is an option of the same release as the one without
# classifier extension, hands pooling to oneDNN. It hands over kernel, stride and padding, and no dilation: a
# maximum over every second pixel becomes one over neighbours. Shapes are right, values are not. With
# Nd4j.getEnvironment().allowHelpers(false) the same library is right.
#
# Linux on x86-64. Seen: a maximum pooling of 2 x 2 with a dilation of 2 over 0, 1, 2, ..., row by row, with oneDNN and without.
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
    <dependency><groupId>org.nd4j</groupId><artifactId>nd4j-native</artifactId><version>1.0.0-M2.1</version><classifier>linux-x86_64-onednn</classifier></dependency>
    <dependency><groupId>org.nd4j</groupId><artifactId>nd4j-native-platform</artifactId><version>1.0.0-M2.1</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
XML
mvn -B -q org.apache.maven.plugins:maven-dependency-plugin:3.8.1:build-classpath -Dmdep.outputFile=classpath >&2

cat >Probe.java <<'JAVA'
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

public class Probe {
  public static void main(String[] args) {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .list()
                .layer(
                    new SubsamplingLayer.Builder(PoolingType.MAX)
                        .kernelSize(2, 2)
                        .stride(1, 1)
                        .dilation(2, 2)
                        .build())
                .setInputType(InputType.convolutional(4, 4, 1))
                .build());
    network.init();
    INDArray pixels = Nd4j.arange(16).castTo(DataType.FLOAT).reshape(1, 1, 4, 4);
    for (boolean helpers : new boolean[] {true, false}) {
      Nd4j.getEnvironment().allowHelpers(helpers);
      INDArray pooled = network.output(pixels);
      System.out.println(
          "| oneDNN " + helpers + ": " + java.util.Arrays.toString(pooled.dup().data().asFloat()));
    }
  }
}
JAVA
java -Dorg.bytedeco.javacpp.platform.extension=-onednn -cp "$(<classpath)" Probe.java 2>log | grep -o '| .*' | tee seen || { cat log >&2; exit 1; }

diff seen - >&2 <<'EXPECTED' || { echo 'The behaviour has changed.' >&2; exit 1; }
| oneDNN true: [5.0, 6.0, 9.0, 10.0]
| oneDNN false: [10.0, 11.0, 14.0, 15.0]
EXPECTED
