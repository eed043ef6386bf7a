#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# ND4J 1.0.0-M2.1: the exact area under the ROC curve of equal scores depends on the order of the rows.
#
# A classifier that gives every example the same score has an area of 0.5: a positive and a negative example are ranked
# by chance. ROC(0), the exact mode and the default, sorts the rows and cuts between any two, also between those of equal
# score, so that the area is 1 if the positive rows come first and 0 if they come last. Networks whose output is saturated, or
# scores rounded to a few digits, have many equal scores. ROC(100) gives 0.5.
#
# Seen: area of four equal scores with the positive rows first and last, exact and with 100 thresholds.
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
import org.nd4j.evaluation.classification.ROC;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

public class Probe {
  public static void main(String[] args) {
    INDArray positiveFirst = Nd4j.createFromArray(1.0, 1.0, 0.0, 0.0).reshape(4, 1);
    INDArray positiveLast = Nd4j.createFromArray(0.0, 0.0, 1.0, 1.0).reshape(4, 1);
    INDArray scores = Nd4j.valueArrayOf(new long[] {4, 1}, 0.5);
    for (int thresholds : new int[] {0, 100}) {
      ROC first = new ROC(thresholds);
      first.eval(positiveFirst, scores);
      ROC last = new ROC(thresholds);
      last.eval(positiveLast, scores);
      System.out.println("| ROC(" + thresholds + "): " + first.calculateAUC() + " " + last.calculateAUC());
    }
  }
}
JAVA
java -cp "$(<classpath)" Probe.java 2>log | grep -o '| .*' | tee seen || { cat log >&2; exit 1; }

diff seen - >&2 <<'EXPECTED' || { echo 'The behaviour has changed.' >&2; exit 1; }
| ROC(0): 1.0 0.0
| ROC(100): 0.5 0.5
EXPECTED
