#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# DL4J 1.0.0-M2.1: Keras import turns Dropout into none and GaussianDropout into a much stronger one.
#
# A Keras model with Dropout(rate 0.3) is read as a DropoutLayer that keeps everything, so that training goes on without any.
# GaussianDropout(0.3) multiplies by noise of deviation sqrt(0.3 / 0.7) = 0.65 in both libraries, but is read with the rate 0.7, the
# probability to keep: a deviation of 1.53. SpatialDropout1D and AlphaDropout are read right.
#
# Seen: what ones become in training: share of zeros, and deviation.
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
    <dependency><groupId>org.deeplearning4j</groupId><artifactId>deeplearning4j-modelimport</artifactId><version>1.0.0-M2.1</version></dependency>
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
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.modelimport.keras.KerasModelImport;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

public class Probe {
  static final String NOTHING =
      "'kernel_regularizer':null,'bias_regularizer':null,'activity_regularizer':null,"
          + "'kernel_constraint':null,'bias_constraint':null";

  static void print(String dropout) throws Exception {
    String json =
        "{'class_name':'Sequential','config':{'name':'s','layers':["
            + "{'class_name':'Dense','config':{'name':'d','trainable':true,"
            + "'batch_input_shape':[null,5],'dtype':'float32','units':5,'activation':'linear',"
            + "'use_bias':false,'kernel_initializer':{'class_name':'Constant','config':{'value':0.2}},"
            + "'bias_initializer':{'class_name':'Zeros','config':{}},"
            + NOTHING
            + "}},{'class_name':'"
            + dropout
            + "','config':{'name':'drop','trainable':true,'dtype':'float32','rate':0.3,"
            + "'noise_shape':null,'seed':null}}]},'keras_version':'2.3.1','backend':'tensorflow'}";
    Path file = Files.createTempFile("model", ".json");
    Files.writeString(file, json.replace('\'', '"'));
    MultiLayerConfiguration configuration =
        KerasModelImport.importKerasSequentialConfiguration(file.toString());
    MultiLayerNetwork net = new MultiLayerNetwork(configuration);
    net.init();
    Nd4j.getRandom().setSeed(1);
    INDArray out = net.output(Nd4j.ones(DataType.FLOAT, 40_000, 5), true);
    System.out.printf(
        Locale.ROOT,
        "| %s: zeros %.2f, deviation %.2f%n",
        dropout, out.eq(0).castTo(DataType.DOUBLE).meanNumber().doubleValue(),
        out.castTo(DataType.DOUBLE).stdNumber().doubleValue());
  }

  public static void main(String[] args) throws Exception {
    print("Dropout");
    print("GaussianDropout");
    System.out.printf(
        Locale.ROOT,
        "| in Keras: Dropout: zeros 0.30, deviation %.2f; GaussianDropout: deviation %.2f%n",
        Math.sqrt(0.3 / 0.7), Math.sqrt(0.3 / 0.7));
  }
}
JAVA
java -cp "$(<classpath)" Probe.java 2>log | grep -o '| .*' | tee seen || { cat log >&2; exit 1; }

diff seen - >&2 <<'EXPECTED' || { echo 'The behaviour has changed.' >&2; exit 1; }
| Dropout: zeros 0.00, deviation 0.00
| GaussianDropout: zeros 0.00, deviation 1.53
| in Keras: Dropout: zeros 0.30, deviation 0.65; GaussianDropout: deviation 0.65
EXPECTED
