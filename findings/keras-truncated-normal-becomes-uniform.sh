#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# DL4J 1.0.0-M2.1: Keras import reads VarianceScaling with a truncated normal distribution as a uniform one, 2.4 times too wide.
#
# 'truncated_normal' is the name of Keras's default distribution, and 'untruncated_normal' its sibling. Both become DL4J's uniform
# variance scaling; 'normal', Keras's old name, becomes a
# truncated normal distribution that is not widened to make up for what is cut off. Keras gives all of them the deviation
# sqrt(scale / fan). A model that is imported to be trained starts at other weights, and nothing is said.
#
# Seen: deviation of the initial weights for scale 2, fan_in 400.
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

  public static void main(String[] args) throws Exception {
    for (String distribution : new String[] {"truncated_normal", "untruncated_normal", "normal"}) {
      MultiLayerNetwork net =
          dense(
              "'kernel_initializer':{'class_name':'VarianceScaling','config':{'scale':2.0,"
                  + "'mode':'fan_in','distribution':'"
                  + distribution
                  + "','seed':null}}");
      BaseLayer layer = (BaseLayer) net.getLayer(0).conf().getLayer();
      System.out.printf(
          Locale.ROOT,
          "| %s: %s, deviation %.2f%n",
          distribution,
          layer.getWeightInitFn().getClass().getSimpleName(),
          net.getParam("0_W").stdNumber().doubleValue());
    }
    System.out.printf(Locale.ROOT, "| in Keras: deviation %.2f%n", Math.sqrt(2.0 / 400));
  }
}
JAVA
java -cp "$(<classpath)" Probe.java 2>log | grep -o '| .*' | tee seen || { cat log >&2; exit 1; }

diff seen - >&2 <<'EXPECTED' || { echo 'The behaviour has changed.' >&2; exit 1; }
| truncated_normal: WeightInitVarScalingUniformFanIn, deviation 0.17
| untruncated_normal: WeightInitVarScalingUniformFanIn, deviation 0.17
| normal: WeightInitVarScalingNormalFanIn, deviation 0.06
| in Keras: deviation 0.07
EXPECTED
