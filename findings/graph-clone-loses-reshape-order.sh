#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Deeplearning4j 1.0.0-M2.1: the clone of a graph with a ReshapeVertex in 'f' order computes something else.
#
# ReshapeVertex.clone() makes a new vertex of the new shape alone, so a vertex that was made with order 'f' becomes one of order
# 'c'. ComputationGraph.clone() and ComputationGraphConfiguration.clone() go through it, and with them early stopping, transfer
# learning and everything else that copies a graph. Saving and loading keeps the order.
#
# Seen: whether the outputs of the original, its clone, and its saved and loaded copy are equal.
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
import org.deeplearning4j.nn.conf.graph.ReshapeVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

public class Probe {
  public static void main(String[] args) throws Exception {
    for (char order : new char[] {'c', 'f'}) {
      ComputationGraph graph =
          new ComputationGraph(
              new NeuralNetConfiguration.Builder()
                  .seed(1)
                  .graphBuilder()
                  .addInputs("in")
                  .addVertex("reshaped", new ReshapeVertex(order, new int[] {-1, 2, 3}, null), "in")
                  .addLayer("out", new RnnOutputLayer.Builder().nIn(2).nOut(2).build(), "reshaped")
                  .setOutputs("out")
                  .build());
      graph.init();
      INDArray x = Nd4j.rand(5, 6);
      INDArray output = graph.outputSingle(x).dup();
      graph.save(new File("graph.zip"));
      System.out.println(
          "| order " + order
              + ": clone equal " + output.equals(graph.clone().outputSingle(x))
              + ", loaded equal "
              + output.equals(ComputationGraph.load(new File("graph.zip"), false).outputSingle(x)));
    }
  }
}
JAVA
java -cp "$(<classpath)" Probe.java 2>log | grep -o '| .*' | tee seen || { cat log >&2; exit 1; }

diff seen - >&2 <<'EXPECTED' || { echo 'The behaviour has changed.' >&2; exit 1; }
| order c: clone equal true, loaded equal true
| order f: clone equal false, loaded equal true
EXPECTED
