// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.Swap;
import io.github.ema4j.dl4j.checkpoint.EmaCheckpoint;
import io.github.ema4j.dl4j.evaluation.EmaEvaluator;
import io.github.ema4j.dl4j.export.EmaExport;
import io.github.ema4j.testing.Bits;
import io.github.ema4j.testing.dl4j.Batches;
import io.github.ema4j.testing.dl4j.Data;
import io.github.ema4j.testing.dl4j.Nets;
import java.lang.ref.WeakReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.api.NeuralNetwork;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Averages that know nothing of each other take turns in one network. */
class SwapsOfSeveralAveragesTest {

  @TempDir private Path directory;

  private final ModelEmaListener first = new ModelEmaListener(0.5);
  private final ModelEmaListener second = new ModelEmaListener(0.99);

  static List<Model> networks() {
    return List.of(Nets.mlp(), Nets.graph());
  }

  private static Batches data() {
    return Batches.of(Data.points(1, 24), 8);
  }

  private void train(Model network) {
    network.setListeners(first, second);
    ((NeuralNetwork) network).fit(data());
  }

  @ParameterizedTest
  @MethodSource("networks")
  void whileOneIsSwappedInTheOtherDoesNothingWithTheNetwork(Model network) {
    train(network);
    Bits raw = Bits.of(network.params());
    Bits ofFirst = Bits.of(first.shadow());
    Bits ofSecond = Bits.of(second.shadow());
    Path file = directory.resolve("file.zip");
    EmaEvaluator evaluator = new EmaEvaluator(second, data());

    try (Swap ignored = first.swap(network)) {
      assertTrue(second.isSwapped());
      Stream.<Executable>of(
              () -> second.swap(network),
              () -> second.update(network),
              () -> second.restart(network),
              () -> second.shadow(),
              () -> second.averagedNetwork(network),
              () -> evaluator.raw(network),
              () -> evaluator.averaged(network),
              () -> evaluator.compare(network),
              () -> EmaCheckpoint.save(file, network, second),
              () -> EmaExport.save(file, network, second),
              () -> second.onGradientCalculation(network))
          .forEach(
              use -> {
                String message = assertThrows(IllegalStateException.class, use).getMessage();
                assertTrue(message.matches(".*: close th(e|at) Swap first"), message);
              });
      assertEquals(ofFirst, Bits.of(network.params()));
    }

    assertFalse(second.isSwapped());
    assertFalse(Files.exists(file));
    assertEquals(raw, Bits.of(network.params()));
    assertEquals(ofFirst, Bits.of(first.shadow()));
    assertEquals(ofSecond, Bits.of(second.shadow()));
    assertEquals(3, second.updateCount());
  }

  @Test
  void memberOfGroupAndAverageOfItsOwnAreTwoAsWell() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaGroup group = ModelEmaGroup.of(0.5, 0.9);
    network.setListeners(group, second);
    network.fit(data());
    try (Swap ignored = group.get(1).swap(network)) {
      assertThrows(IllegalStateException.class, () -> second.swap(network));
    }
    try (Swap ignored = second.swap(network)) {
      assertThrows(IllegalStateException.class, () -> group.get(0).swap(network));
      assertTrue(group.isSwapped());
    }
  }

  @Test
  void averageMadeWhileAnotherIsSwappedInDoesNotStartFromIt() {
    MultiLayerNetwork network = Nets.mlp();
    train(network);
    ModelEmaListener late = new ModelEmaListener(0.9);
    try (Swap ignored = first.swap(network)) {
      assertThrows(IllegalStateException.class, () -> late.start(network));
      assertFalse(late.isStarted());
    }
    late.start(network);
  }

  @Test
  void eachCanBeSwappedInAfterTheOther() {
    MultiLayerNetwork network = Nets.mlp();
    train(network);
    for (ModelEmaListener ema : List.of(first, second, first)) {
      Bits averaged = Bits.of(ema.shadow());
      try (Swap ignored = ema.swap(network)) {
        assertEquals(averaged, Bits.of(network.params()));
      }
    }
  }

  @Test
  void swapThatFailsLeavesNoRecord() {
    MultiLayerNetwork network = Nets.mlp();
    train(network);
    Swap own = first.average().swap(network.params()); // by the core, which keeps no record
    assertThrows(IllegalStateException.class, () -> first.swap(network));
    own.close();
    second.swap(network).close();
  }

  @Test
  void networksWithEqualWeightsAreNotTakenForEachOther() {
    MultiLayerNetwork network = Nets.mlp();
    MultiLayerNetwork equal = Nets.mlp();
    assertEquals(network, equal); // as Deeplearning4j compares them
    first.start(network);
    second.start(equal);
    try (Swap ignored = first.swap(network)) {
      assertFalse(second.isSwapped());
      second.swap(equal).close();
      assertTrue(first.isSwapped());
    }
  }

  @Test
  void swapThatIsNeverClosedKeepsNoNetworkAlive() throws Exception {
    WeakReference<Model> network = swappedAndForgotten();
    for (int i = 0; i < 100 && network.get() != null; i++) {
      System.gc();
      Thread.sleep(10);
    }
    assertNull(network.get());
  }

  private static WeakReference<Model> swappedAndForgotten() {
    MultiLayerNetwork network = Nets.mlp();
    new ModelEmaListener(0.9).start(network).swap(network);
    return new WeakReference<>(network);
  }
}
