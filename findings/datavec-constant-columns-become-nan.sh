#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# DataVec 1.0.0-M2.1: normalising a column that is constant makes it NaN.
#
# MinMax, Standardize and the two logarithmic normalisations of TransformProcess divide by the range or the deviation that the analysis
# found, which is 0 for a constant column: every value becomes NaN, and so does the network that is trained on it. ND4J's own
# NormalizerMinMaxScaler and NormalizerStandardize make such a column 0.
#
# Seen: a column of threes.
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
import java.util.List;
import org.datavec.api.transform.TransformProcess;
import org.datavec.api.transform.analysis.DataAnalysis;
import org.datavec.api.transform.analysis.columns.DoubleAnalysis;
import org.datavec.api.transform.schema.Schema;
import org.datavec.api.transform.transform.normalize.Normalize;
import org.datavec.api.writable.DoubleWritable;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.preprocessor.DataNormalization;
import org.nd4j.linalg.dataset.api.preprocessor.NormalizerMinMaxScaler;
import org.nd4j.linalg.dataset.api.preprocessor.NormalizerStandardize;
import org.nd4j.linalg.factory.Nd4j;

public class Probe {
  public static void main(String[] args) {
    Schema schema = new Schema.Builder().addColumnDouble("v").build();
    DataAnalysis analysis =
        new DataAnalysis(
            schema,
            List.of(
                new DoubleAnalysis.Builder()
                    .min(3)
                    .max(3)
                    .mean(3)
                    .sampleStdev(0)
                    .sampleVariance(0)
                    .build()));
    for (Normalize way : Normalize.values()) {
      TransformProcess process =
          new TransformProcess.Builder(schema).normalize("v", way, analysis).build();
      System.out.println("| " + way + " " + process.execute(List.of(new DoubleWritable(3))));
    }
    for (DataNormalization way :
        List.of(new NormalizerMinMaxScaler(), new NormalizerStandardize())) {
      DataSet data =
          new DataSet(
              Nd4j.createFromArray(new float[][] {{3}, {3}, {3}}),
              Nd4j.createFromArray(new float[3][1]));
      way.fit(data);
      way.transform(data);
      System.out.println(
          "| " + way.getClass().getSimpleName() + " " + data.getFeatures().getDouble(0));
    }
  }
}
JAVA
java -cp "$(<classpath)" Probe.java 2>log | grep -o '| .*' | tee seen || { cat log >&2; exit 1; }

diff seen - >&2 <<'EXPECTED' || { echo 'The behaviour has changed.' >&2; exit 1; }
| MinMax [NaN]
| MinMax2 [NaN]
| Standardize [NaN]
| SubtractMean [0.0]
| Log2Mean [NaN]
| Log2MeanExcludingMin [NaN]
| NormalizerMinMaxScaler 0.0
| NormalizerStandardize 0.0
EXPECTED
