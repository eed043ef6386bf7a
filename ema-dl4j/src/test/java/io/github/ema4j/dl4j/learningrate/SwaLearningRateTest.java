// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.learningrate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.dl4j.learningrate.SwaLearningRate.Annealing;
import io.github.ema4j.testing.dl4j.Data;
import io.github.ema4j.testing.dl4j.Nets;
import java.util.List;
import org.deeplearning4j.datasets.iterator.utilty.ListDataSetIterator;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.schedule.FixedSchedule;
import org.nd4j.linalg.schedule.ISchedule;
import org.nd4j.linalg.schedule.ScheduleType;
import org.nd4j.linalg.schedule.StepSchedule;

/** Compares with numbers worked out by hand from the formula of PyTorch's SWALR. */
class SwaLearningRateTest {

  private static final double ROOT = Math.sqrt(0.5);

  private static void assertEpochs(ISchedule schedule, double... expected) {
    for (int epoch = 0; epoch < expected.length; epoch++) {
      assertEquals(expected[epoch], schedule.valueAt(1_000 * epoch, epoch), 1e-15, "at " + epoch);
    }
  }

  @Test
  void cosineAnnealsFromTheStartAndThenStays() {
    assertEpochs(
        new SwaLearningRate(ScheduleType.EPOCH, 0.1, 2, 4, 0.02),
        0.1,
        0.1,
        0.1,
        0.06 + 0.04 * ROOT,
        0.06,
        0.06 - 0.04 * ROOT,
        0.02,
        0.02,
        0.02);
  }

  @Test
  void lineMayRiseToo() {
    assertEpochs(
        new SwaLearningRate(
            ScheduleType.EPOCH, new FixedSchedule(0.1), 1, 4, 0.5, Annealing.LINEAR),
        0.1,
        0.1,
        0.2,
        0.3,
        0.4,
        0.5,
        0.5);
  }

  @Test
  void withoutAnnealingItIsThereOneAfterTheStart() {
    assertEpochs(new SwaLearningRate(ScheduleType.EPOCH, 0.1, 1, 0, 0.02), 0.1, 0.1, 0.02, 0.02);
  }

  @Test
  void whatComesBeforeMayFallAndIsLeftAsItIsAtTheStart() {
    ISchedule halves = new StepSchedule(ScheduleType.EPOCH, 0.8, 0.5, 1);
    assertEpochs(
        new SwaLearningRate(ScheduleType.EPOCH, halves, 2, 2, 0.1, Annealing.LINEAR),
        0.8,
        0.4,
        0.2,
        0.15,
        0.1,
        0.1);
  }

  @Test
  void iterationsAreCountedWhereAskedFor() {
    ISchedule schedule =
        new SwaLearningRate(
            ScheduleType.ITERATION, new FixedSchedule(0.1), 10, 10, 0.2, Annealing.LINEAR);
    assertEquals(0.1, schedule.valueAt(10, 99));
    assertEquals(0.15, schedule.valueAt(15, 0), 1e-15);
    assertEquals(0.2, schedule.valueAt(20, 0));
  }

  @Test
  void configurationsSurviveJsonYamlAndCopies() {
    for (SwaLearningRate schedule :
        List.of(
            new SwaLearningRate(ScheduleType.EPOCH, 0.1, 2, 4, 0.02),
            new SwaLearningRate(
                ScheduleType.ITERATION,
                new StepSchedule(ScheduleType.ITERATION, 0.8, 0.5, 1),
                20,
                0,
                0.1,
                Annealing.LINEAR))) {
      MultiLayerConfiguration configuration =
          Nets.mlp(base -> base.updater(new Sgd(schedule))).getLayerWiseConfigurations();
      assertEquals(schedule, of(MultiLayerConfiguration.fromJson(configuration.toJson())));
      assertEquals(schedule, of(MultiLayerConfiguration.fromYaml(configuration.toYaml())));
      assertEquals(schedule, of(configuration.clone()));
      assertEquals(schedule, schedule.clone());
      assertEquals(schedule.hashCode(), schedule.clone().hashCode());
      assertEquals(schedule.valueAt(21, 3), schedule.clone().valueAt(21, 3));
    }
    SwaLearningRate one = new SwaLearningRate(ScheduleType.EPOCH, 0.1, 2, 4, 0.02);
    assertNotEquals(one, new SwaLearningRate(ScheduleType.EPOCH, 0.1, 2, 4, 0.03));
    assertNotEquals(one, new SwaLearningRate(ScheduleType.EPOCH, 0.1, 3, 4, 0.02));
    assertNotEquals(one, new SwaLearningRate(ScheduleType.EPOCH, 0.1, 2, 5, 0.02));
    assertNotEquals(one, new SwaLearningRate(ScheduleType.EPOCH, 0.2, 2, 4, 0.02));
    assertNotEquals(one, new SwaLearningRate(ScheduleType.ITERATION, 0.1, 2, 4, 0.02));
    assertNotEquals(
        one,
        new SwaLearningRate(
            ScheduleType.EPOCH, new FixedSchedule(0.1), 2, 4, 0.02, Annealing.LINEAR));
  }

  private static ISchedule of(MultiLayerConfiguration configuration) {
    return ((Sgd) ((BaseLayer) configuration.getConf(0).getLayer()).getIUpdater())
        .getLearningRateSchedule();
  }

  @Test
  void networkTrainsWithIt() {
    MultiLayerNetwork net =
        Nets.mlp(
            base ->
                base.updater(new Sgd(new SwaLearningRate(ScheduleType.EPOCH, 0.1, 1, 2, 0.02))));
    for (double expected : new double[] {0.1, 0.1, 0.06, 0.02}) {
      assertEquals(expected, net.getLearningRate(0), 1e-15);
      net.fit(new ListDataSetIterator<>(List.of(Data.points(1, 8)), 1));
    }
  }

  @Test
  void badSettingsAreRefusedByName() {
    refused("swaRate", () -> new SwaLearningRate(ScheduleType.EPOCH, 0.1, 1, 1, 0));
    refused("rate must", () -> new SwaLearningRate(ScheduleType.EPOCH, Double.NaN, 1, 1, 1));
    refused("start", () -> new SwaLearningRate(ScheduleType.EPOCH, 0.1, -1, 1, 0.1));
    refused("anneal", () -> new SwaLearningRate(ScheduleType.EPOCH, 0.1, 1, -1, 0.1));
  }

  private static void refused(String part, Runnable action) {
    String message = assertThrows(IllegalArgumentException.class, action::run).getMessage();
    assertTrue(message.contains(part), message);
  }
}
