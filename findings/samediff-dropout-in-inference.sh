#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# ND4J 1.0.0-M2.1: dropout of SameDiff also drops in inference, keeps the probability it is given, and does not scale.
#
# sd.nn.dropout(x, p) becomes an operation of the graph like any other. SameDiff.output runs it as fit does: every inference has
# other random zeros, so an evaluation of a model, or of its averaged weights, is noise around a worse score. The argument is the
# share that is kept, as in Deeplearning4j's layers, where PyTorch and Keras take the share that is dropped. What is kept is not
# divided by p, so activations shrink by p in both modes.
#
# Seen: of ten thousand ones, in inference: the share of zeros to one digit, the largest value, and whether a second inference
# gives the same.
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
import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

public class Probe {
  public static void main(String[] args) {
    for (double p : new double[] {0.1, 0.9}) {
        SameDiff graph = SameDiff.create();
        SDVariable x = graph.placeHolder("x", DataType.FLOAT, -1, 100);
        graph.nn.dropout("out", x, p);
        Map<String, INDArray> ones = Map.of("x", Nd4j.ones(DataType.FLOAT, 100, 100));
        INDArray first = graph.output(ones, "out").get("out").dup();
        INDArray second = graph.output(ones, "out").get("out");
        double zeros = first.eq(0).castTo(DataType.DOUBLE).meanNumber().doubleValue();
        System.out.printf(
            Locale.ROOT,
            "| dropout(x, %.1f): zeros %.1f, largest %.2f, the same again %s%n",
            p, zeros, first.maxNumber().doubleValue(), first.equals(second));
    }
  }
}
JAVA
java -cp "$(<classpath)" Probe.java 2>log | grep -o '| .*' | tee seen || { cat log >&2; exit 1; }

diff seen - >&2 <<'EXPECTED' || { echo 'The behaviour has changed.' >&2; exit 1; }
| dropout(x, 0.1): zeros 0.9, largest 1.00, the same again false
| dropout(x, 0.9): zeros 0.1, largest 1.00, the same again false
EXPECTED
