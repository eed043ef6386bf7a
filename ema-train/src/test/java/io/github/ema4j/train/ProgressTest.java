// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;

/** What is said about the iterations of an epoch. */
class ProgressTest {
  private final StringWriter text = new StringWriter();
  private final AtomicLong restores = new AtomicLong(2);
  private final MultiLayerNetwork network = network();

  private static MultiLayerNetwork network() {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .list()
                .layer(new OutputLayer.Builder().nIn(1).nOut(2).build())
                .build());
    network.init();
    return network;
  }

  private Progress progress(Interruption interruption) {
    Progress progress =
        new Progress(
            interruption,
            null, // to which every hundredth iteration would go
            new PrintWriter(text, true),
            100,
            restores::get,
            System::nanoTime);
    progress.begin(new Progress.Plan(1, 1, 0, 1, 4), 0.1);
    return progress;
  }

  /** Each of the first eight iterations takes ten seconds, each of the others one. */
  @Test
  void theTimeLeftIsThatOfTheWarmIterationsAndThenOfTheEpochBefore() {
    AtomicLong seconds = new AtomicLong();
    try (Interruption interruption = new Interruption(() -> {})) {
      Progress progress =
          new Progress(
              interruption,
              null,
              new PrintWriter(text, true),
              100,
              restores::get,
              () -> seconds.get() * 1_000_000_000);
      progress.begin(new Progress.Plan(1, 2, 0, 1, 32), 0.1);
      for (int i = 1; i <= 32; i++) {
        seconds.addAndGet(i <= 8 ? 10 : 1);
        iterate(progress, 1);
      }
      seconds.addAndGet(32); // of validation
      progress.begin(new Progress.Plan(2, 2, 32, 1, 32), 0.1);
      seconds.incrementAndGet();
      iterate(progress, 1);
    }
    List<String> lines = text.toString().lines().toList();
    assertTrue(lines.get(0).endsWith(" images/s"), text.toString());
    assertTrue(lines.get(1).endsWith(" 0:32 left"), text.toString());
    assertTrue(lines.get(2).endsWith(" 2:12 left"), text.toString());
  }

  private void iterate(Progress progress, double loss) {
    network.setScore(loss);
    progress.iterationDone(network, 0, 0);
  }

  @Test
  void aStepWhoseWeightsWereRestoredIsSaidAndHasNoShareInTheMeanLoss() {
    try (Interruption interruption = new Interruption(() -> {})) {
      Progress progress = progress(interruption);
      iterate(progress, 3);
      restores.incrementAndGet();
      iterate(progress, Double.NaN);
      iterate(progress, 1);
      assertEquals(2, progress.meanLoss());
      assertTrue(text.toString().contains("after iteration 2 of epoch 1"), text.toString());
      assertTrue(text.toString().contains("3 restores"), text.toString());
      assertFalse(text.toString().contains("diverged"), text.toString());
    }
  }

  @Test
  void aLossThatIsNotFiniteIsSaidOnce() {
    try (Interruption interruption = new Interruption(() -> {})) {
      Progress progress = progress(interruption);
      iterate(progress, Double.NaN);
      iterate(progress, Double.NaN);
      assertTrue(Double.isNaN(progress.meanLoss()));
      assertEquals(2, text.toString().split("diverged", -1).length);
    }
  }
}
