// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingMaster;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.function.Executable;

/** What comes before Deeplearning4j's message, which names artifacts that do not fit. */
@EnabledForJreRange(max = JRE.JAVA_23, disabledReason = "Spark 3.5 does not run on later ones")
class KryoArraysTest {

  private static EmaTrainingMaster.Builder averaging() {
    return EmaTrainingMaster.builder(new ParameterAveragingTrainingMaster.Builder(2, 4)).decay(0.9);
  }

  private static void assertRefused(Executable call) {
    Throwable e = assertThrows(IllegalStateException.class, call);
    assertTrue(e.getMessage().contains("org.nd4j:nd4j-kryo_2.12:1.0.0-M2"), e.getMessage());
  }

  @Test
  void kryoThatWasNotToldOfArraysIsRefusedBeforeDeeplearning4jDoes() {
    EmaTrainingMaster before = averaging().build(); // there is no Spark yet
    SparkConf conf =
        new SparkConf()
            .setMaster("local[2]")
            .setAppName("KryoArraysTest")
            .set("spark.ui.enabled", "false")
            .set("spark.driver.host", "127.0.0.1")
            .set("spark.driver.bindAddress", "127.0.0.1")
            .set("spark.serializer", "org.apache.spark.serializer.KryoSerializer");
    try (JavaSparkContext sc = new JavaSparkContext(conf)) {
      assertRefused(averaging()::build);
      assertRefused(
          EmaSharedTrainingMaster.experimental(RecordedMaster.training()).executors(1).decay(0.9)
              ::build);
      assertRefused(
          () -> EmaSparkTraining.of(sc, (MultiLayerNetwork) Kind.LAYERS.create(), before));
    }
    averaging().build();
  }
}
