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
import io.github.ema4j.testing.Bits;
import io.github.ema4j.testing.LogCapture;
import io.github.ema4j.testing.dl4j.Batches;
import io.github.ema4j.testing.dl4j.Data;
import io.github.ema4j.testing.dl4j.Nets;
import java.util.List;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.api.NeuralNetwork;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.profiler.OpProfiler;
import org.nd4j.linalg.profiler.ProfilerConfig;

/** A batch with a label that is no number makes all weights that it reaches NaN. */
class NonFiniteTest {

  private static final DataSet POINTS = Data.points(1, 24);

  private static DataSet poison() {
    DataSet poison = Data.points(2, 8);
    poison.getLabels().putScalar(3, 1, Double.NaN);
    return poison;
  }

  static List<Model> networks() {
    return List.of(Nets.mlp(), Nets.graph());
  }

  private static boolean isFinite(INDArray array) {
    return Double.isFinite(array.norm1Number().doubleValue());
  }

  /** Elements whose parameter is not finite keep their bits; all others are moved, and finite. */
  private static void assertGuarded(INDArray before, INDArray params, INDArray after) {
    for (int i = 0; i < before.length(); i++) {
      if (!Double.isFinite(params.getDouble(i))) {
        assertEquals(before.getFloat(i), after.getFloat(i), "element " + i);
      }
    }
    assertTrue(isFinite(after));
  }

  @ParameterizedTest
  @MethodSource("networks")
  void nonFiniteWeightsNeverEnterTheAverage(Model network) {
    try (LogCapture log = new LogCapture(ParameterAverage.class)) {
      ModelEmaListener ema = new ModelEmaListener(0.9);
      network.setListeners(ema);
      NeuralNetwork trained = (NeuralNetwork) network;
      trained.fit(Batches.of(POINTS, 8));
      INDArray good = network.params().dup();

      for (DataSet batch : List.of(poison(), POINTS)) {
        INDArray before = ema.shadow().dup();
        trained.fit(batch);
        assertFalse(isFinite(network.params()));
        assertGuarded(before, network.params(), ema.shadow());
      }

      assertEquals(3, ema.updateCount());
      assertEquals(2, ema.skippedUpdates());
      assertEquals(
          List.of(
              "The parameters after step 4 are not all finite: those keep their last good average,"
                  + " and the update is not counted (3 updates)"),
          log.messages(Level.WARN));

      network.setParams(good);
      resetUpdater(network);
      EmaByHand byHand = EmaByHand.of(ema, 0.9);
      network.addListeners(byHand);
      trained.fit(Batches.of(POINTS, 8));

      assertTrue(isFinite(network.params()));
      assertEquals(6, ema.updateCount());
      assertEquals(2, ema.skippedUpdates());
      assertEquals(byHand.bits(), Bits.of(ema.shadow()));
    }
  }

  /** Adam's moments are NaN, too. */
  private static void resetUpdater(Model network) {
    INDArray state =
        network instanceof MultiLayerNetwork mln
            ? mln.getUpdater().getStateViewArray()
            : ((ComputationGraph) network).getUpdater().getStateViewArray();
    state.assign(0);
  }

  @ParameterizedTest
  @MethodSource("networks")
  void policyThrowEndsTheFitAtTheFirstSuchUpdate(Model network) {
    ModelEmaListener ema =
        new ModelEmaListener(
            AveragingConfig.builder().decay(0.9).onNonFinite(NonFinitePolicy.THROW).build());
    network.setListeners(ema);
    NeuralNetwork trained = (NeuralNetwork) network;
    trained.fit(Batches.of(POINTS, 8));
    Bits averaged = Bits.of(ema.shadow());
    DataSet poison = poison();

    NonFiniteParametersException e =
        assertThrows(NonFiniteParametersException.class, () -> trained.fit(poison));

    assertTrue(e.getMessage().contains("after step 4 are not finite"), e.getMessage());
    assertEquals(averaged, Bits.of(ema.shadow()));
    assertEquals(3, ema.updateCount());
    assertEquals(1, ema.skippedUpdates());
  }

  @Test
  void constrainedWeightsAreCheckedToo() {
    MultiLayerNetwork network = Nets.constrainedMlp();
    ModelEmaListener ema = new ModelEmaListener(0.9);
    network.setListeners(ema);
    network.fit(Batches.of(POINTS, 8));
    INDArray before = ema.shadow().dup();
    network.fit(poison());
    assertGuarded(before, network.params(), ema.shadow());
    assertEquals(1, ema.skippedUpdates());
  }

  @Test
  void averageServesAfterTrainingBrokeDown() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(0.9);
    network.setListeners(ema);
    network.fit(Batches.of(POINTS, 8));
    network.fit(poison());
    assertFalse(isFinite(network.params()));

    MultiLayerNetwork rescued = ema.averagedNetwork(network);
    assertTrue(isFinite(rescued.params()));
    Bits raw = Bits.of(network.params());
    try (var ignored = ema.swap(network)) {
      assertEquals(Bits.of(rescued.params()), Bits.of(network.params()));
    }
    assertEquals(raw, Bits.of(network.params()));
  }

  @Test
  void profilingForNaNDoesNotCorruptTheAverage() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(0.9);
    network.setListeners(ema);
    network.fit(Batches.of(POINTS, 8));
    INDArray averaged = ema.shadow().dup();
    DataSet poison = poison();
    ProfilerConfig before = OpProfiler.getInstance().getConfig();
    Nd4j.getExecutioner()
        .setProfilingConfig(ProfilerConfig.builder().checkForNAN(true).checkForINF(true).build());
    try {
      assertThrows(RuntimeException.class, () -> network.fit(poison));
      network.params().putScalar(3, Double.NaN);
      assertFalse(ema.update(network));
      assertEquals(averaged.getFloat(3), ema.shadow().getFloat(3));
      assertTrue(isFinite(ema.shadow()));
      assertEquals(1, ema.skippedUpdates());
    } finally {
      Nd4j.getExecutioner().setProfilingConfig(before);
    }
    network.params().putScalar(3, 0.5);
    assertTrue(ema.update(network));
    assertEquals(4, ema.updateCount());
  }
}
