// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
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
