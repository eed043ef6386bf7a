#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Deeplearning4j 1.0.0-M2.1: an OCNNOutputLayer (one-class network) loses its learnt threshold r when it is saved and loaded, or cloned by init.
#
# The layer keeps r, the value below which an example is an anomaly, as a parameter. Whenever a network is built on given parameters (MultiLayerNetwork.load,
# ModelSerializer.restore..., init(params, false)), the layer writes its initialRValue over the r in them, though parameters are not to be initialised.
# The file holds the right value. What is built on the parameters of a living network, to share them, changes that network.
#
# Seen: r before and after, in the network, in a loaded one, and in the first network after a second was built on its parameters.
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
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.ocnn.OCNNOutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;

public class Probe {
  static String r(MultiLayerNetwork net) {
    return "r = " + net.getParam("1_r").getDouble(0);
  }

  public static void main(String[] args) throws Exception {
    MultiLayerNetwork net =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .seed(1)
                .list()
                .layer(new DenseLayer.Builder().nIn(4).nOut(3).build())
                .layer(new OCNNOutputLayer.Builder().nIn(3).hiddenLayerSize(2).initialRValue(1).build())
                .build());
    net.init();
    net.getParam("1_r").assign(0.25);
    System.out.println("| trained: " + r(net));
    File file = new File("net.zip");
    net.save(file);
    MultiLayerNetwork loaded = MultiLayerNetwork.load(file, true);
    System.out.println("| loaded: " + r(loaded) + ", other parameters equal: "
        + loaded.getParam("1_w").equals(net.getParam("1_w")));
    new MultiLayerNetwork(net.getLayerWiseConfigurations().clone()).init(net.params(), false);
    System.out.println("| trained, after a second network was built on its parameters: " + r(net));
  }
}
JAVA
java -cp "$(<classpath)" Probe.java 2>log | grep -o '| .*' | tee seen || { cat log >&2; exit 1; }

diff seen - >&2 <<'EXPECTED' || { echo 'The behaviour has changed.' >&2; exit 1; }
| trained: r = 0.25
| loaded: r = 1.0, other parameters equal: true
| trained, after a second network was built on its parameters: r = 1.0
EXPECTED
