#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# ND4J 1.0.0-M2.1: three of DL4J's uniform initialisations have three times the variance that their names stand for, and the truncated
# normal ones three quarters.
#
# LeCun's and variance scaling's uniform distributions have the variance 1 / fan, so the limit sqrt(3 / fan); Keras and TensorFlow do
# that. LECUN_UNIFORM and VAR_SCALING_UNIFORM_* take 3 / sqrt(fan) as the limit. VAR_SCALING_NORMAL_* cuts the normal distribution at
# two deviations and, unlike Keras, does not widen it by 1 / 0.8796 before, so that its variance is 0.77 / fan. Keras import maps
# lecun_uniform and VarianceScaling to them.
#
# Seen: 1 / variance, rounded to tens, of the weights of a dense layer of 400 inputs and 200 outputs.
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
import org.deeplearning4j.nn.weights.WeightInit;

public class Probe {
  static void print(WeightInit init, int expected) {
    MultiLayerNetwork net =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .seed(1)
                .weightInit(init)
                .list(new OutputLayer.Builder().nIn(400).nOut(200).build())
                .build());
    net.init();
    double variance = net.getParam("0_W").varNumber().doubleValue();
    System.out.printf(
        "| %s: %d, by its name %d%n", init, Math.round(0.1 / variance) * 10, expected);
  }

  public static void main(String[] args) {
    print(WeightInit.RELU_UNIFORM, 200);
    print(WeightInit.XAVIER_UNIFORM, 300);
    print(WeightInit.LECUN_UNIFORM, 400);
    print(WeightInit.VAR_SCALING_UNIFORM_FAN_IN, 400);
    print(WeightInit.VAR_SCALING_UNIFORM_FAN_AVG, 300);
    print(WeightInit.LECUN_NORMAL, 400);
    print(WeightInit.VAR_SCALING_NORMAL_FAN_IN, 400);
    print(WeightInit.VAR_SCALING_NORMAL_FAN_OUT, 200);
  }
}
JAVA
java -cp "$(<classpath)" Probe.java 2>log | grep -o '| .*' | tee seen || { cat log >&2; exit 1; }

diff seen - >&2 <<'EXPECTED' || { echo 'The behaviour has changed.' >&2; exit 1; }
| RELU_UNIFORM: 200, by its name 200
| XAVIER_UNIFORM: 300, by its name 300
| LECUN_UNIFORM: 130, by its name 400
| VAR_SCALING_UNIFORM_FAN_IN: 130, by its name 400
| VAR_SCALING_UNIFORM_FAN_AVG: 100, by its name 300
| LECUN_NORMAL: 400, by its name 400
| VAR_SCALING_NORMAL_FAN_IN: 520, by its name 400
| VAR_SCALING_NORMAL_FAN_OUT: 260, by its name 200
EXPECTED
