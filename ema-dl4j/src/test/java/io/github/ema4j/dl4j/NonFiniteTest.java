// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import io.github.ema4j.core.NonFiniteParametersException;
import io.github.ema4j.core.NonFinitePolicy;
import io.github.ema4j.core.ParameterAverage;
import java.util.List;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.api.NeuralNetwork;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
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

  @ParameterizedTest
  @MethodSource("networks")
  void nonFiniteWeightsNeverEnterTheAverage(Model network) {
    try (LogCapture log = new LogCapture(ParameterAverage.class)) {
      ModelEmaListener ema = new ModelEmaListener(0.9);
      EmaByHand byHand = new EmaByHand(ema, 0.9, network.params());
      network.setListeners(ema, finiteOnly(byHand));
      NeuralNetwork trained = (NeuralNetwork) network;
      trained.fit(Batches.of(POINTS, 8));
      INDArray good = network.params().dup();
      Bits averaged = Bits.of(ema.shadow());

      trained.fit(poison());
      assertFalse(isFinite(network.params()));
      trained.fit(POINTS);
      assertFalse(isFinite(network.params()));

      assertEquals(averaged, Bits.of(ema.shadow()));
      assertEquals(3, ema.updateCount());
      assertEquals(2, ema.skippedUpdates());
      assertEquals(
          List.of(
              "The parameters after step 4 are not finite; the average keeps its last good value"
                  + " (3 updates)"),
          log.messages(Level.WARN));

      network.setParams(good);
      resetUpdater(network);
      trained.fit(Batches.of(POINTS, 8));

      assertTrue(isFinite(network.params()));
      assertEquals(6, ema.updateCount());
      assertEquals(2, ema.skippedUpdates());
      assertEquals(byHand.bits(), Bits.of(ema.shadow()));
    }
  }

  private static BaseTrainingListener finiteOnly(EmaByHand byHand) {
    return new BaseTrainingListener() {
      @Override
      public void iterationDone(Model network, int iteration, int epoch) {
        if (isFinite(network.params())) {
          byHand.iterationDone(network, iteration, epoch);
        }
      }
    };
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
        ModelEmaListener.builder().decay(0.9).onNonFinite(NonFinitePolicy.THROW).build();
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
    Bits averaged = Bits.of(ema.shadow());
    network.fit(poison());
    assertEquals(averaged, Bits.of(ema.shadow()));
    assertEquals(1, ema.skippedUpdates());
  }

  @Test
  void averageServesAfterTrainingBrokeDown() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(0.9);
    network.setListeners(ema);
    network.fit(Batches.of(POINTS, 8));
    MultiLayerNetwork good = ema.network(network);
    network.fit(poison());

    MultiLayerNetwork rescued = ema.network(network);
    assertEquals(Bits.of(good.params()), Bits.of(rescued.params()));
    Bits raw = Bits.of(network.params());
    try (var ignored = ema.swap(network)) {
      assertEquals(Bits.of(good.params()), Bits.of(network.params()));
    }
    assertEquals(raw, Bits.of(network.params()));
    assertNotEquals(raw, Bits.of(rescued.params()));
  }

  @Test
  void profilingForNaNDoesNotCorruptTheAverage() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(0.9);
    network.setListeners(ema);
    network.fit(Batches.of(POINTS, 8));
    Bits averaged = Bits.of(ema.shadow());
    DataSet poison = poison();
    ProfilerConfig before = OpProfiler.getInstance().getConfig();
    Nd4j.getExecutioner()
        .setProfilingConfig(ProfilerConfig.builder().checkForNAN(true).checkForINF(true).build());
    try {
      assertThrows(RuntimeException.class, () -> network.fit(poison));
      network.params().putScalar(3, Double.NaN);
      assertFalse(ema.update(network));
      assertEquals(averaged, Bits.of(ema.shadow()));
      assertEquals(1, ema.skippedUpdates());
    } finally {
      Nd4j.getExecutioner().setProfilingConfig(before);
    }
    network.params().putScalar(3, 0.5);
    assertTrue(ema.update(network));
    assertEquals(4, ema.updateCount());
  }
}
