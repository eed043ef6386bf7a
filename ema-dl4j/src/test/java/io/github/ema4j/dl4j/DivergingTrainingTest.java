// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.NonFiniteParametersException;
import io.github.ema4j.core.NonFinitePolicy;
import io.github.ema4j.core.ParameterAverage;
import io.github.ema4j.dl4j.export.EmaExport;
import io.github.ema4j.testing.Bits;
import io.github.ema4j.testing.LogCapture;
import io.github.ema4j.testing.dl4j.Batches;
import io.github.ema4j.testing.dl4j.Data;
import io.github.ema4j.testing.dl4j.Nets;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.api.NeuralNetwork;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.schedule.MapSchedule;
import org.nd4j.linalg.schedule.ScheduleType;

/** Training that ends in NaN, or goes through it, does not take the average along. */
class DivergingTrainingTest {

  private static final double DECAY = 0.8;
  private static final int GOOD_STEPS = 5;
  private static final DataSet POINTS = Data.points(1, 24);

  /** From the sixth step on the learning rate is too large for float. */
  private static NeuralNetConfiguration.Builder diverging(NeuralNetConfiguration.Builder base) {
    return base.activation(Activation.IDENTITY)
        .updater(
            new Sgd(
                new MapSchedule.Builder(ScheduleType.ITERATION)
                    .add(0, 0.05)
                    .add(GOOD_STEPS, 1e38)
                    .build()));
  }

  static List<Model> networks() {
    UnaryOperator<NeuralNetConfiguration.Builder> diverging = DivergingTrainingTest::diverging;
    return List.of(Nets.mlp(diverging), Nets.graph(diverging));
  }

  private static boolean isFinite(INDArray array) {
    for (double value : array.dup().data().asDouble()) {
      if (!Double.isFinite(value)) {
        return false;
      }
    }
    return true;
  }

  /** The average after the last step whose weights were finite. */
  private static final class LastGood extends BaseTrainingListener {
    private final ModelEmaListener ema;
    private Bits bits;
    private int badSteps;

    LastGood(ModelEmaListener ema) {
      this.ema = ema;
    }

    @Override
    public void iterationDone(Model network, int iteration, int epoch) {
      if (isFinite(network.params())) {
        bits = Bits.of(ema.shadow());
      } else {
        badSteps++;
      }
    }
  }

  @ParameterizedTest
  @MethodSource("networks")
  void runThatDivergesEndsWithAFiniteAverageToExport(Model network, @TempDir Path directory)
      throws IOException {
    try (LogCapture log = new LogCapture(ParameterAverage.class)) {
      ModelEmaListener ema = new ModelEmaListener(DECAY);
      LastGood lastGood = new LastGood(ema);
      network.setListeners(ema, lastGood);
      for (int step = 0; step < 12; step++) {
        ((NeuralNetwork) network).fit(POINTS);
      }

      assertFalse(isFinite(network.params()));
      assertTrue(isFinite(ema.shadow()));
      assertTrue(lastGood.badSteps > 0);
      assertEquals(lastGood.badSteps, ema.skippedUpdates());
      assertEquals(12, ema.updateCount() + ema.skippedUpdates());
      assertTrue(ema.updateCount() >= GOOD_STEPS);
      assertEquals(1, log.messages(Level.WARN).size()); // not one per step
      Path file = directory.resolve("averaged.zip");
      EmaExport.save(file, network, ema);
      if (network instanceof MultiLayerNetwork) {
        INDArray exported = MultiLayerNetwork.load(file.toFile(), false).params();
        assertEquals(Bits.of(ema.shadow()), Bits.of(exported));
        assertTrue(isFinite(exported));
      }
    }
  }

  /** All weights become NaN in iteration 3, and in the next ones if they are not put right. */
  private static NeuralNetConfiguration.Builder withNans(NeuralNetConfiguration.Builder base) {
    return base.updater(
        new Sgd(
            new MapSchedule.Builder(ScheduleType.ITERATION)
                .add(0, 0.05)
                .add(3, Double.NaN)
                .add(4, 0.05)
                .build()));
  }

  @Test
  void runThatDivergesInAllWeightsAtOnceKeepsTheLastGoodAverageBitForBit() {
    MultiLayerNetwork network = Nets.mlp(DivergingTrainingTest::withNans);
    ModelEmaListener ema = new ModelEmaListener(DECAY);
    LastGood lastGood = new LastGood(ema);
    network.setListeners(ema, lastGood);
    for (int step = 0; step < 6; step++) {
      network.fit(POINTS);
    }
    assertFalse(isFinite(network.params()));
    assertEquals(3, lastGood.badSteps);
    assertEquals(3, ema.skippedUpdates());
    assertEquals(3, ema.updateCount());
    assertEquals(lastGood.bits, Bits.of(ema.shadow()));
  }

  @Test
  void passingNansDoNotReachTheAverage() {
    MultiLayerNetwork network = Nets.mlp(DivergingTrainingTest::withNans);
    ModelEmaListener ema = new ModelEmaListener(DECAY);
    EmaByHand byHand = new EmaByHand(ema, DECAY, network.params());
    network.setListeners(ema, byHand);
    network.fit(Batches.of(POINTS, 8));
    INDArray good = network.params().dup();

    network.setListeners(ema);
    network.fit(POINTS);
    assertFalse(isFinite(network.params()));
    assertEquals(1, ema.skippedUpdates());
    assertEquals(byHand.bits(), Bits.of(ema.shadow()));

    // As after a step that a gradient scaler takes back: training and average go on.
    network.params().assign(good);
    network.setListeners(ema, byHand);
    network.fit(Batches.of(POINTS, 8));
    assertTrue(isFinite(network.params()));
    assertEquals(6, byHand.updates());
    assertEquals(6, ema.updateCount());
    assertEquals(1, ema.skippedUpdates());
  }

  @Test
  void policyThrowStopsTheRunAtTheStepThatDiverges() {
    MultiLayerNetwork network = Nets.mlp(DivergingTrainingTest::diverging);
    ModelEmaListener ema =
        new ModelEmaListener(
            AveragingConfig.builder().decay(DECAY).onNonFinite(NonFinitePolicy.THROW).build());
    LastGood lastGood = new LastGood(ema);
    network.setListeners(ema, lastGood);
    assertThrows(
        NonFiniteParametersException.class,
        () -> {
          for (int step = 0; step < 12; step++) {
            network.fit(POINTS);
          }
        });
    assertFalse(isFinite(network.params()));
    assertEquals(0, lastGood.badSteps);
    assertEquals(lastGood.bits, Bits.of(ema.shadow()));
  }
}
