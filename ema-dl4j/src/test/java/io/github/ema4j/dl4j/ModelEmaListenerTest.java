// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.Swap;
import io.github.ema4j.testing.Bits;
import io.github.ema4j.testing.EmaOracle;
import io.github.ema4j.testing.dl4j.Batches;
import io.github.ema4j.testing.dl4j.Data;
import io.github.ema4j.testing.dl4j.Nets;
import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.junit.jupiter.api.Test;

/**
 * The use that most programs make of it. All ways to fit are in {@link WaysToFitTest}, swaps in
 * {@link SwapTest}, other networks in {@link OtherNetworksTest}, refusals in {@link BadInputTest},
 * resuming in {@link ResumedListenerTest}.
 */
class ModelEmaListenerTest {

  private final MultiLayerNetwork net = Nets.mlp();
  private final ModelEmaListener ema = new ModelEmaListener(0.9);

  private static Batches batches() {
    return Batches.of(Data.points(1, 24), 8);
  }

  @Test
  void oneLineAveragesTheNetwork() {
    float[] expected = EmaOracle.floats(net.params());
    net.addListeners(ema, writtenOut(expected));
    net.fit(batches(), 2);

    MultiLayerNetwork averaged = ema.averagedNetwork(net);
    assertEquals(6, ema.average().updateCount());
    assertEquals(Math.pow(0.9, 6), ema.average().initialShare(), 1e-12);
    float[] actual = EmaOracle.floats(averaged.params());
    for (int i = 0; i < actual.length; i++) {
      assertEquals(expected[i], actual[i], 1e-6);
    }
    assertNotEquals(Bits.of(net.params()), Bits.of(averaged.params()));
  }

  /** Averages the weights after each step by the formula of the textbooks. */
  private static BaseTrainingListener writtenOut(float[] average) {
    return new BaseTrainingListener() {
      @Override
      public void iterationDone(Model network, int iteration, int epoch) {
        float[] weights = EmaOracle.floats(network.params());
        for (int i = 0; i < average.length; i++) {
          average[i] = (float) (0.9 * average[i] + 0.1 * weights[i]);
        }
      }
    };
  }

  @Test
  void followsTheFirstNetworkThatItSees() {
    assertFalse(ema.isStarted());
    assertFalse(ema.isAverageOf(net));
    assertThrows(IllegalStateException.class, ema::average);
    net.addListeners(ema);
    net.fit(batches());
    assertTrue(ema.isStarted());
    assertTrue(ema.isAverageOf(net));
    assertFalse(ema.isAverageOf(Nets.mlp()));
  }

  @Test
  void swapShowsTheAverageAndIsUndone() {
    net.addListeners(ema);
    net.fit(batches());
    Bits raw = Bits.of(net.params());
    Bits averaged = Bits.of(ema.averagedNetwork(net).params());
    try (Swap swap = ema.swap(net)) {
      assertEquals(averaged, Bits.of(net.params()));
      assertThrows(IllegalStateException.class, () -> net.fit(batches()));
    }
    assertEquals(raw, Bits.of(net.params()));
  }

  @Test
  void followersAreCalledAfterTheAverageHasMoved() {
    List<Long> updates = new ArrayList<>();
    ema.andThen(
        new BaseTrainingListener() {
          @Override
          public void iterationDone(Model network, int iteration, int epoch) {
            updates.add(ema.average().updateCount());
          }
        });
    net.addListeners(ema);
    net.fit(batches());
    assertEquals(List.of(1L, 2L, 3L), updates);
  }
}
