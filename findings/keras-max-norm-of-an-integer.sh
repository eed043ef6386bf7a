#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# DL4J 1.0.0-M2.1: Keras import cannot read a max-norm constraint with an integer, which is what Keras writes by default.
#
# keras.constraints.MaxNorm() has max_value=2, written into the model's JSON as 2. The import casts the value to Double and throws;
# 2.0 is read.
#
# Seen: the constraint, or the exception.
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

  public static void main(String[] args) {
    for (String value : new String[] {"2", "2.0"}) {
      String seen;
      try {
        seen =
            dense("'kernel_constraint':{'class_name':'MaxNorm','config':{'max_value':" + value + ",'axis':0}}")
                .getLayer(0)
                .conf()
                .getLayer()
                .getConstraints()
                .toString();
      } catch (Exception e) {
        seen = e.getClass().getSimpleName();
      }
      System.out.println("| max_value " + value + ": " + seen);
    }
  }
}
JAVA
java -cp "$(<classpath)" Probe.java 2>log | grep -o '| .*' | tee seen || { cat log >&2; exit 1; }

diff seen - >&2 <<'EXPECTED' || { echo 'The behaviour has changed.' >&2; exit 1; }
| max_value 2: ClassCastException
| max_value 2.0: [MaxNormConstraint(maxNorm=2.0)]
EXPECTED
