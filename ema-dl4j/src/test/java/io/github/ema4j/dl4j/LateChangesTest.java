// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import io.github.ema4j.testing.LogCapture;
import io.github.ema4j.testing.dl4j.Nets;
import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.listeners.ScoreIterationListener;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Weights that change between the average's step and the next one, and who is told of it. */
class LateChangesTest {

  private final MultiLayerNetwork network = Nets.mlp();
  private final ModelEmaListener ema = new ModelEmaListener(0.9);
  private final LateChanges changes = new LateChanges();
  private final LogCapture log = new LogCapture(ModelEmaListener.class);

  @AfterEach
  void stop() {
    log.close();
  }

  private List<String> warnings() {
    return log.messages(Level.WARN);
  }

  /** A step whose average the weights are added to behind its back. */
  private void step(double change) {
    changes.afterStep(network, ema);
    network.params().addi(change);
    changes.beforeStep(network, ema);
  }

  @Test
  void aChangeIsToldOnceWithTheListenersThatComeLater() {
    network.setListeners(ema, new ScoreIterationListener());
    step(0);
    assertEquals(List.of(), warnings());
    step(1);
    step(1);
    step(1);
    assertEquals(1, warnings().size());
    assertTrue(
        warnings().get(0).contains("[" + ScoreIterationListener.class.getName() + "]"),
        warnings().get(0));
  }

  @Test
  void itIsLookedForAtTheStepsOfPowersOfTwoOnly() {
    network.setListeners(ema, new ScoreIterationListener());
    List<Integer> told = new ArrayList<>();
    for (int last = 1; last <= 17; last++) {
      LateChanges fresh = new LateChanges();
      int before = warnings().size();
      for (int step = 1; step <= last; step++) {
        fresh.afterStep(network, ema);
        network.params().addi(step == last ? 1 : 0);
        fresh.beforeStep(network, ema);
      }
      if (warnings().size() > before) {
        told.add(last);
      }
    }
    assertEquals(List.of(1, 2, 4, 8, 16), told);
  }

  @Test
  void whereNothingComesLaterNobodyIsSuspected() {
    network.setListeners(new ScoreIterationListener(), ema);
    step(1);
    network.setListeners(new ScoreIterationListener());
    step(1);
    assertEquals(List.of(), warnings());
  }

  /** As of a user who loads weights between two fits. */
  @Test
  void whatIsForgottenIsNotCompared() {
    network.setListeners(ema, new ScoreIterationListener());
    changes.afterStep(network, ema);
    changes.forget();
    network.params().addi(1);
    changes.beforeStep(network, ema);
    assertEquals(List.of(), warnings());
  }

  /** It is of at most 1000 weights, at equal distances. */
  @Test
  void theSampleReachesFromTheFirstWeightToTheEnd() {
    MultiLayerNetwork large =
        new MultiLayerNetwork(
            Nets.base()
                .list()
                .layer(new DenseLayer.Builder().nIn(2001).nOut(4).build())
                .layer(new OutputLayer.Builder().nIn(4).nOut(3).build())
                .build());
    large.init();
    large.setListeners(ema, new ScoreIterationListener());
    long length = large.numParams();
    long every = 1 + (length - 1) / 1000;
    for (long at : new long[] {0, every, (length - 1) / every * every}) {
      LateChanges fresh = new LateChanges();
      int before = warnings().size();
      fresh.afterStep(large, ema);
      large.params().putScalar(at, 99);
      fresh.beforeStep(large, ema);
      large.params().putScalar(at, 0);
      assertEquals(before + 1, warnings().size(), "weight " + at);
    }
  }
}
