#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Deeplearning4j 1.0.0-M2.1: weight noise on biases is drawn in inference, too.
#
# DropConnect and WeightNoise act in training only, says their contract, and so it is for weights. With applyToBiases, layers ask for
# the bias as in training: output() of the same network on the same input differs from call to call, and every evaluation
# draws from the random numbers of training, so that a run that is evaluated is another run than one that is not.
#
# Seen: whether two outputs of one network are equal, with noise on weights alone and on biases, too.
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
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.weightnoise.DropConnect;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

public class Probe {
  public static void main(String[] args) {
    for (boolean applyToBiases : new boolean[] {false, true}) {
      MultiLayerNetwork network =
          new MultiLayerNetwork(
              new NeuralNetConfiguration.Builder()
                  .weightNoise(new DropConnect(0.7, applyToBiases))
                  .list()
                  .layer(new DenseLayer.Builder().nIn(4).nOut(50).biasInit(1).build())
                  .layer(new OutputLayer.Builder().nIn(50).nOut(2).biasInit(1).build())
                  .build());
      network.init();
      INDArray x = Nd4j.rand(16, 4);
      INDArray first = network.output(x).dup();
      System.out.println(
          "| applyToBiases " + applyToBiases + ": outputs equal " + first.equals(network.output(x)));
    }
  }
}
JAVA
java -cp "$(<classpath)" Probe.java 2>log | grep -o '| .*' | tee seen || { cat log >&2; exit 1; }

diff seen - >&2 <<'EXPECTED' || { echo 'The behaviour has changed.' >&2; exit 1; }
| applyToBiases false: outputs equal true
| applyToBiases true: outputs equal false
EXPECTED
