#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# ND4J 1.0.0-M2.1: no network trains with the updater AdaBelief.
#
# AdaBelief.instantiate reads the second dimension of its state array. Deeplearning4j's UpdaterBlock gives it a vector
# since M2, so the first fit ends with an ArrayIndexOutOfBoundsException, for MultiLayerNetwork and ComputationGraph and
# any layer. The other updaters that are configured the same way train.
#
# Seen: which of the updaters of org.nd4j.linalg.learning.config complete five steps.
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
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.*;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

public class Probe {
  public static void main(String[] args) {
    IUpdater[] updaters = {
      new Adam(), new AMSGrad(), new AdaMax(), new Nadam(), new AdaGrad(), new AdaDelta(), new RmsProp(), new AdaBelief()
    };
    for (IUpdater updater : updaters) {
      MultiLayerNetwork network =
          new MultiLayerNetwork(
              new NeuralNetConfiguration.Builder()
                  .updater(updater)
                  .list()
                  .layer(
                      new OutputLayer.Builder(LossFunction.MSE)
                          .nIn(4)
                          .nOut(2)
                          .activation(Activation.IDENTITY)
                          .build())
                  .build());
      network.init();
      String outcome = "trains";
      try {
        for (int step = 0; step < 5; step++) {
          network.fit(Nd4j.ones(3, 4), Nd4j.ones(3, 2));
        }
      } catch (ArrayIndexOutOfBoundsException e) {
        outcome = e.getMessage() + " in " + e.getStackTrace()[0].getMethodName();
      }
      System.out.println("| " + updater.getClass().getSimpleName() + ": " + outcome);
    }
  }
}
JAVA
java -cp "$(<classpath)" Probe.java 2>log | grep -o '| .*' | tee seen || { cat log >&2; exit 1; }

diff seen - >&2 <<'EXPECTED' || { echo 'The behaviour has changed.' >&2; exit 1; }
| Adam: trains
| AMSGrad: trains
| AdaMax: trains
| Nadam: trains
| AdaGrad: trains
| AdaDelta: trains
| RmsProp: trains
| AdaBelief: Index 1 out of bounds for length 1 in instantiate
EXPECTED
