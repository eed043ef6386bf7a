// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.schedule.DecaySchedule;
import java.util.Arrays;
import org.apache.spark.api.java.JavaSparkContext;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.spark.api.RDDTrainingApproach;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingMaster;
import org.junit.jupiter.api.Test;

/** How a master is configured; what it averages is in {@link ReplayTest}. */
@SparkTest
class EmaTrainingMasterTest {

  private static final int K = 3;

  private static EmaTrainingMaster.Builder builder() {
    return EmaTrainingMaster.builder(
        new ParameterAveragingTrainingMaster.Builder(2, 4)
            .batchSizePerWorker(4)
            .averagingFrequency(K)
            .saveUpdater(true)
            .rngSeed(3)
            .rddTrainingApproach(RDDTrainingApproach.Direct));
  }

  /** Trains two rounds an epoch. */
  private static WatchedMaster train(
      EmaTrainingMaster.Builder builder, int epochs, JavaSparkContext sc) throws Exception {
    WatchedMaster master = new WatchedMaster(builder);
    EmaSparkTraining<MultiLayerNetwork> run =
        EmaSparkTraining.of(sc, (MultiLayerNetwork) Kind.LAYERS.create(), master);
    run.fit(sc.parallelize(Minibatches.of(12, 4), 2), epochs);
    assertSame(master, run.master());
    return master;
  }

  @Test
  void copiesTheWeightsUntilItStarts(JavaSparkContext sc) throws Exception {
    WatchedMaster master = train(builder().decay(0.9).startAfter(2L * K), 2, sc);
    for (int round = 0; round < 4; round++) {
      Round watched = master.watched().get(round);
      assertEquals(
          round < 2, Arrays.equals(watched.params(), watched.average()), "copy in round " + round);
    }
    assertEquals(2, master.ema().updateCount());
    assertEquals(Math.pow(0.9, 2 * K), master.ema().initialShare(), 1e-12);
  }

  @Test
  void sameAsWithAConfiguration(JavaSparkContext sc) throws Exception {
    DecaySchedule schedule = DecaySchedule.inversePower(0.99);
    WatchedMaster one = train(builder().startAfter(2).schedule(schedule), 1, sc);
    WatchedMaster other =
        train(
            builder().averaging(AveragingConfig.builder().schedule(schedule).startAfter(2).build()),
            1,
            sc);
    assertEquals(other.ema().average().config(), one.ema().average().config());
    assertArrayEquals(other.watched().get(1).average(), one.watched().get(1).average());
  }

  @Test
  void lastOfSeveralSettingsCounts(JavaSparkContext sc) throws Exception {
    AveragingConfig config = AveragingConfig.of(0.5);
    assertEquals(
        config, train(builder().decay(0.9).averaging(config), 1, sc).ema().average().config());
    assertEquals(
        config,
        train(builder().averaging(AveragingConfig.of(0.9)).decay(0.5), 1, sc)
            .ema()
            .average()
            .config());
  }

  @Test
  void twoSettingsThatSayWhenItStartsAreRefused() {
    IllegalStateException e =
        assertThrows(
            IllegalStateException.class,
            () -> builder().averaging(AveragingConfig.of(0.9)).startAfter(3).build());
    assertTrue(e.getMessage().startsWith("startAfter(3) goes with decay(...) or"), e.getMessage());
    assertThrows(IllegalArgumentException.class, () -> builder().startAfter(-1));
  }

  @Test
  void noDecayIsRefused() {
    IllegalStateException e =
        assertThrows(IllegalStateException.class, () -> builder().startAfter(3).build());
    assertTrue(e.getMessage().contains("call decay(0.999) or averaging(...)"), e.getMessage());
  }
}
