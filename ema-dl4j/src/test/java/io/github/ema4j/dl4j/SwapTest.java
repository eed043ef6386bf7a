// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.Swap;
import io.github.ema4j.dl4j.evaluation.EmaEvaluator;
import io.github.ema4j.testing.Bits;
import io.github.ema4j.testing.dl4j.Batches;
import io.github.ema4j.testing.dl4j.Data;
import io.github.ema4j.testing.dl4j.Nets;
import java.util.List;
import java.util.stream.Stream;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.api.NeuralNetwork;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Sgd;

class SwapTest {

  private static final DataSet POINTS = Data.points(1, 24);

  static List<Model> networks() {
    return List.of(Nets.mlp(), Nets.graph());
  }

  private static ModelEmaListener trained(Model network) {
    return trained(network, new ModelEmaListener(0.9));
  }

  private static ModelEmaListener trained(Model network, ModelEmaListener ema) {
    network.setListeners(ema);
    ((NeuralNetwork) network).fit(Batches.of(POINTS, 8));
    return ema;
  }

  @ParameterizedTest
  @MethodSource("networks")
  void networkCarriesTheAverageUntilTheSwapIsClosed(Model network) {
    ModelEmaListener ema = trained(network);
    TrainingState raw = TrainingState.of(network);
    Bits averaged = Bits.of(ema.shadow());
    assertNotEquals(raw.params(), averaged);

    try (Swap ignored = ema.swap(network)) {
      assertEquals(averaged, Bits.of(network.params()));
      assertTrue(ema.average().isSwapped());
    }

    assertFalse(ema.average().isSwapped());
    assertEquals(raw, TrainingState.of(network));
    assertEquals(averaged, Bits.of(ema.shadow()));
  }

  @ParameterizedTest
  @MethodSource("networks")
  void exceptionInsideTheSwapPutsTheRawWeightsBack(Model network) {
    ModelEmaListener ema = trained(network);
    TrainingState raw = TrainingState.of(network);
    Bits averaged = Bits.of(ema.shadow());

    assertThrows(
        ArithmeticException.class,
        () -> {
          try (Swap ignored = ema.swap(network)) {
            throw new ArithmeticException();
          }
        });

    assertEquals(raw, TrainingState.of(network));
    assertEquals(averaged, Bits.of(ema.shadow()));
  }

  @Test
  void secondSwapIsRefusedAndTheFirstStaysInForce() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = trained(network);
    Bits raw = Bits.of(network.params());
    Bits averaged = Bits.of(ema.shadow());

    try (Swap ignored = ema.swap(network)) {
      IllegalStateException e = assertThrows(IllegalStateException.class, () -> ema.swap(network));
      assertEquals(
          "Averaged weights are swapped into the network already: close that Swap first",
          e.getMessage());
      assertEquals(averaged, Bits.of(network.params()));
    }
    assertEquals(raw, Bits.of(network.params()));
  }

  @Test
  void secondCloseDoesNothing() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = trained(network);
    Bits raw = Bits.of(network.params());
    Bits averaged = Bits.of(ema.shadow());
    Swap swap = ema.swap(network);
    swap.close();
    swap.close();
    assertEquals(raw, Bits.of(network.params()));
    try (Swap ignored = ema.swap(network)) {
      swap.close();
      assertEquals(averaged, Bits.of(network.params()));
    }
    assertEquals(raw, Bits.of(network.params()));
  }

  @Test
  void nothingElseCanBeDoneWithTheAverageWhileSwapped() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = trained(network);
    EmaEvaluator evaluator = new EmaEvaluator(ema, Batches.of(POINTS, 8));
    Bits raw = Bits.of(network.params());
    Bits averaged = Bits.of(ema.shadow());

    try (Swap ignored = ema.swap(network)) {
      List<Executable> refused =
          List.of(
              ema::shadow,
              () -> ema.averagedView(network),
              () -> ema.averagedNetwork(network),
              () -> ema.update(network),
              () -> ema.restart(network),
              () -> evaluator.averaged(network),
              () -> evaluator.onLiveView().averaged(network),
              () -> evaluator.raw(network),
              () -> evaluator.compare(network));
      for (Executable action : refused) {
        IllegalStateException e = assertThrows(IllegalStateException.class, action);
        assertTrue(e.getMessage().endsWith("close the Swap first"), e.getMessage());
      }
      assertEquals(averaged, Bits.of(network.params()));
    }

    assertEquals(raw, Bits.of(network.params()));
    assertEquals(averaged, Bits.of(ema.shadow()));
    assertEquals(3, ema.updateCount());
  }

  // ---------------------------------------------------------------- training while swapped

  static Stream<WaysToFitTest.Way> waysToTrain() {
    return Stream.concat(WaysToFitTest.ways(), WaysToFitTest.pretraining());
  }

  @ParameterizedTest
  @MethodSource("waysToTrain")
  void trainingWhileSwappedIsRefusedAndChangesNothing(WaysToFitTest.Way way) {
    Model network = way.network().get();
    ModelEmaListener ema = new ModelEmaListener(0.9).start(network);
    network.setListeners(ema);
    network.params().addi(0.01);
    ema.update(network);
    TrainingState raw = TrainingState.of(network).unscored();
    Bits averaged = Bits.of(ema.shadow());

    try (Swap ignored = ema.swap(network)) {
      IllegalStateException e =
          assertThrows(IllegalStateException.class, () -> way.fit().accept(network));
      assertTrue(e.getMessage().endsWith("close the Swap first"), e.getMessage());
      assertEquals(averaged, Bits.of(network.params()));
    }

    assertEquals(raw, TrainingState.of(network).unscored());
    assertEquals(averaged, Bits.of(ema.shadow()));
    assertEquals(1, ema.updateCount());

    way.fit().accept(network);
    assertNotEquals(raw.params(), Bits.of(network.params()));
    assertEquals(1 + way.updates(), ema.updateCount());
  }

  // ---------------------------------------------------------------- data types

  @Test
  void doubleShadowOfFloatNetworkIsRoundedIntoIt() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema =
        trained(
            network,
            new ModelEmaListener(
                AveragingConfig.builder().decay(0.9).shadowType(DataType.DOUBLE).build()));
    Bits raw = Bits.of(network.params());
    Bits averaged = Bits.of(ema.shadow());
    Bits rounded = Bits.of(ema.shadow().castTo(DataType.FLOAT));
    assertNotEquals(averaged, rounded);

    try (Swap ignored = ema.swap(network)) {
      assertEquals(rounded, Bits.of(network.params()));
    }

    assertEquals(raw, Bits.of(network.params()));
    assertEquals(DataType.DOUBLE, ema.shadow().dataType());
    assertEquals(averaged, Bits.of(ema.shadow()));
  }

  @ParameterizedTest
  @MethodSource("halfNetworks")
  void halfNetworkHasFloatAverage(Model network) {
    ModelEmaListener ema = trained(network);
    assertEquals(DataType.FLOAT, ema.shadow().dataType());
    Bits raw = Bits.of(network.params());
    Bits averaged = Bits.of(ema.shadow());
    Bits rounded = Bits.of(ema.shadow().castTo(DataType.FLOAT16));
    assertNotEquals(averaged, rounded);

    try (Swap ignored = ema.swap(network)) {
      assertEquals(rounded, Bits.of(network.params()));
    }
    assertEquals(raw, Bits.of(network.params()));
    assertEquals(averaged, Bits.of(ema.shadow()));

    Model copy = ema.averagedNetwork(network);
    assertEquals(DataType.FLOAT16, copy.params().dataType());
    assertEquals(rounded, Bits.of(copy.params()));
    assertEquals(DataType.FLOAT, ema.averagedView(network).params().dataType());

    EmaEvaluator evaluator = new EmaEvaluator(ema, Batches.of(POINTS, 8));
    Evaluation onSwap = evaluator.averaged(network).get(Evaluation.class);
    Evaluation onView = evaluator.onLiveView().averaged(network).get(Evaluation.class);
    assertEquals(24, onSwap.getNumRowCounter());
    assertEquals(24, onView.getNumRowCounter());
    assertEquals(raw, Bits.of(network.params()));
  }

  static List<Model> halfNetworks() {
    return List.of(
        Nets.mlp(b -> b.dataType(DataType.FLOAT16).updater(new Sgd(0.05))),
        Nets.graph(b -> b.dataType(DataType.FLOAT16).updater(new Sgd(0.05))));
  }

  @Test
  void doubleNetworkHasDoubleAverage() {
    MultiLayerNetwork network = Nets.mlp(b -> b.dataType(DataType.DOUBLE));
    ModelEmaListener ema = trained(network);
    Bits raw = Bits.of(network.params());
    Bits averaged = Bits.of(ema.shadow());
    assertEquals(DataType.DOUBLE, ema.shadow().dataType());
    try (Swap ignored = ema.swap(network)) {
      assertEquals(averaged, Bits.of(network.params()));
    }
    assertEquals(raw, Bits.of(network.params()));
  }
}
