#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# DL4J 1.0.0-M2.1: Keras import of a configuration drops what is said of biases.
#
# bias_initializer and bias_regularizer of a layer are read without complaint and forgotten: biases start at 0 and are not
# regularized. kernel_initializer and kernel_regularizer, the same settings of the weights, are kept.
#
# Seen: mean of the initial values, and the regularization.
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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.modelimport.keras.KerasModelImport;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.factory.Nd4j;

public class Probe {
  /** A model of one Dense layer of 300 units on 400 inputs, as Keras 2.3.1 writes it. */
  static MultiLayerNetwork dense(String settings) throws Exception {
    StringBuilder all = new StringBuilder(settings);
    for (String name :
        new String[] {
          "kernel_regularizer", "bias_regularizer", "activity_regularizer", "kernel_constraint",
          "bias_constraint"
        }) {
      if (!settings.contains(name)) {
        all.append(",'").append(name).append("':null");
      }
    }
    for (String name : new String[] {"kernel_initializer", "bias_initializer"}) {
      if (!settings.contains(name)) {
        all.append(",'").append(name).append("':{'class_name':'Zeros','config':{}}");
      }
    }
    String json =
        "{'class_name':'Sequential','config':{'name':'s','layers':[{'class_name':'Dense','config':{"
            + "'name':'d','trainable':true,'batch_input_shape':[null,400],'dtype':'float32',"
            + "'units':300,'activation':'linear','use_bias':true,"
            + all
            + "}}]},'keras_version':'2.3.1','backend':'tensorflow'}";
    Path file = Files.createTempFile("model", ".json");
    Files.writeString(file, json.replace('\'', '"'));
    MultiLayerNetwork net =
        new MultiLayerNetwork(KerasModelImport.importKerasSequentialConfiguration(file.toString()));
    Nd4j.getRandom().setSeed(1);
    net.init();
    return net;
  }

  static void print(String what, String settings) throws Exception {
    MultiLayerNetwork net = dense(settings);
    BaseLayer layer = (BaseLayer) net.getLayer(0).conf().getLayer();
    System.out.printf(
        Locale.ROOT,
        "| %s: weights %.2f %s, biases %.2f %s%n",
        what,
        net.getParam("0_W").meanNumber().doubleValue(), layer.getRegularizationByParam("W"),
        net.getParam("0_b").meanNumber().doubleValue(), layer.getRegularizationByParam("b"));
  }

  public static void main(String[] args) throws Exception {
    String half = "{'class_name':'Constant','config':{'value':0.5}}";
    String l2 = "{'class_name':'L1L2','config':{'l1':0.0,'l2':0.01}}";
    print("said of the kernel", "'kernel_initializer':" + half + ",'kernel_regularizer':" + l2);
    print("said of the bias", "'bias_initializer':" + half + ",'bias_regularizer':" + l2);
  }
}
JAVA
java -cp "$(<classpath)" Probe.java 2>log | grep -o '| .*' | tee seen || { cat log >&2; exit 1; }

diff seen - >&2 <<'EXPECTED' || { echo 'The behaviour has changed.' >&2; exit 1; }
| said of the kernel: weights 0.50 [L2Regularization(l2=FixedSchedule(value=0.01))], biases 0.00 []
| said of the bias: weights 0.00 [], biases 0.00 []
EXPECTED
