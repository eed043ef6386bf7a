// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.dl4j.evaluation.Comparison;
import java.nio.file.Path;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.evaluation.classification.Evaluation;

@Tag("numbers")
@EnabledForJreRange(
    max = JRE.JAVA_23,
    disabledReason = "Spark 3.5 does not run on Java 24 and later: getSubject is not supported")
class SparkExampleTest {

  @Test
  void averagedWeightsAreTheBetterOnes(@TempDir Path directory) throws Exception {
    SparkConf conf =
        new SparkConf()
            .setMaster("local[2]")
            .setAppName("SparkExampleTest")
            .set("spark.ui.enabled", "false")
            .set("spark.driver.host", "127.0.0.1")
            .set("spark.driver.bindAddress", "127.0.0.1");
    try (JavaSparkContext sc = new JavaSparkContext(conf)) {
      check(sc, directory);
    }
  }

  private static void check(JavaSparkContext sc, Path directory) throws Exception {
    Comparison comparison = SparkExample.run(sc, directory);
    double raw = comparison.raw(Evaluation.class).accuracy();
    double averaged = comparison.averaged(Evaluation.class).accuracy();
    // Seen, the same with the kernels of four processors: raw 0.862, averaged 0.903.
    assertTrue(averaged > 0.8, "averaged " + averaged);
    assertTrue(averaged > raw, "averaged " + averaged + ", raw " + raw);
    MultiLayerNetwork served =
        MultiLayerNetwork.load(directory.resolve("averaged.zip").toFile(), false);
    assertEquals(comparison.iteration(), served.getIterationCount());

    assertEquals(
        averaged,
        SparkExample.run(sc, directory).averaged(Evaluation.class).accuracy(),
        "started again, it has nothing left to train");
  }
}
