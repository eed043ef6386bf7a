#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# ND4J 1.0.0-M2.1: evaluations cannot take a mask of a single example, nor one of examples or pixels over images.
#
# A labels mask [n, 1] leaves out whole examples. With n = 1, the last batch of many data sets, the same mask is an exception. Over
# labels of images [n, c, h, w], a mask of examples [n, 1, 1, 1] or of pixels [n, 1, h, w], by which CnnLossLayer computes its loss
# without complaint, is taken for one of single outputs, and is an exception after training has begun.
#
# Seen: rows counted, or the message.
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
import java.util.Arrays;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

public class Probe {
  static void print(long[] labels, long... mask) {
    INDArray wanted = Nd4j.zeros(labels);
    wanted.get(NDArrayIndex.all(), NDArrayIndex.point(0)).assign(1);
    String seen;
    try {
      Evaluation evaluation = new Evaluation();
      evaluation.eval(wanted, wanted.dup(), Nd4j.ones(mask));
      seen = evaluation.getNumRowCounter() + " rows";
    } catch (RuntimeException e) {
      seen = e.getMessage().replaceAll("\\. Got.*", "");
    }
    System.out.printf("| labels %s, mask %s: %s%n", Arrays.toString(labels), Arrays.toString(mask), seen);
  }

  public static void main(String[] args) {
    print(new long[] {3, 2}, 3, 1);
    print(new long[] {1, 2}, 1, 1);
    print(new long[] {3, 2, 4, 5}, 3, 1, 1, 1);
    print(new long[] {3, 2, 4, 5}, 3, 1, 4, 5);
  }
}
JAVA
java -cp "$(<classpath)" Probe.java 2>log | grep -o '| .*' | tee seen || { cat log >&2; exit 1; }

diff seen - >&2 <<'EXPECTED' || { echo 'The behaviour has changed.' >&2; exit 1; }
| labels [3, 2], mask [3, 1]: 3 rows
| labels [1, 2], mask [1, 1]: If a mask array is present for 2d data, it must either be a vector (column vector) or have shape equal to the labels (for per-output masking, when supported)
| labels [3, 2, 4, 5], mask [3, 1, 1, 1]: Per-output masking for Evaluation is not supported
| labels [3, 2, 4, 5], mask [3, 1, 4, 5]: Per-output masking for Evaluation is not supported
EXPECTED
