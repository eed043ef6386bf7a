// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import io.github.ema4j.testing.LogCapture;
import io.github.ema4j.testing.dl4j.Nets;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;

/** Iterations that the network counts against those that the average knows of. */
class SeenTrainingTest {

  private final MultiLayerNetwork network = Nets.mlp();
  private final SeenTraining seen = new SeenTraining();

  private void assertUpToDate() {
    assertDoesNotThrow(() -> seen.requireAllOf(network));
  }

  private void assertMissing(int missed, String cure) {
    IllegalStateException e =
        assertThrows(IllegalStateException.class, () -> seen.requireAllOf(network));
    String expected =
        "has made %d iterations, of which the average has not seen the last %d. %s"
            .formatted(network.getIterationCount(), missed, cure);
    assertTrue(e.getMessage().contains(expected), e.getMessage());
    assertTrue(e.getMessage().contains("declareCurrent(net)"), e.getMessage());
  }

  @Test
  void iterationsOfBeforeItBeganAreNotMissing() {
    network.setIterationCount(10);
    seen.begins(network, false);
    assertUpToDate();
    network.setIterationCount(13);
    assertMissing(3, "The listener was never registered");
  }

  /** It is asked for within the callback, and after the iteration has been counted. */
  @Test
  void theIterationThatFitTellsOfIsSeenBeforeAndAfterItIsCounted() {
    seen.begins(network, false);
    network.setIterationCount(6);
    seen.iterationDone(6);
    assertUpToDate();
    network.setIterationCount(7);
    assertUpToDate();
    network.setIterationCount(8);
    assertMissing(1, "The listener was registered, but not all the time");
  }

  @Test
  void stepsByHandMayBeCountedLater() {
    seen.begins(network, false);
    seen.updated(network, 3);
    assertTrue(seen.isByHand());
    network.setIterationCount(3);
    assertUpToDate();
    network.setIterationCount(4);
    assertMissing(1, "update(network) was not called after the last of them");
  }

  @Test
  void moreStepsThanCanBeCountedAreAllSeen() {
    network.setIterationCount(Integer.MAX_VALUE);
    seen.updated(network, Long.MAX_VALUE / 2);
    assertUpToDate();
  }

  @Test
  void aRestoredRunIsToldToRegisterTheListener() {
    network.setIterationCount(5);
    seen.begins(network, true);
    assertFalse(seen.isNothing());
    network.setIterationCount(6);
    assertMissing(1, "The listener goes on with an average of earlier");
  }

  @Test
  void whatIsDeclaredToBeAllIsNotMissing() {
    seen.begins(network, false);
    assertTrue(seen.isNothing());
    network.setIterationCount(9);
    seen.isAll(network);
    assertFalse(seen.isNothing());
    assertUpToDate();
    seen.beginsAnew(network);
    assertTrue(seen.isNothing());
    assertUpToDate();
  }

  @Test
  void fitThatGoesOnWithAGapSaysSoOnceAndOnlyOfAnAverage() {
    ModelEmaListener ema = new ModelEmaListener(0.9).start(network);
    try (LogCapture log = new LogCapture(ModelEmaListener.class)) {
      seen.begins(network, false);
      network.setIterationCount(2);
      seen.goesOn(network, ema); // of which no step is averaged yet
      assertEquals(List.of(), log.messages(Level.WARN));
      ema.update(network);
      network.setIterationCount(6);
      seen.goesOn(network, ema);
      seen.goesOn(network, ema);
      List<String> warnings = log.messages(Level.WARN);
      assertEquals(1, warnings.size());
      assertTrue(warnings.get(0).contains("lacks 4 iterations"), warnings.get(0));
    }
    assertUpToDate();
  }

  @Test
  void trainingWasElsewhereWhileTheOtherThreadLives() throws InterruptedException {
    assertFalse(seen.wasElsewhere());
    CountDownLatch told = new CountDownLatch(1);
    CountDownLatch end = new CountDownLatch(1);
    Thread other =
        new Thread(
            () -> {
              seen.iterationDone(0);
              told.countDown();
              try {
                end.await();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    other.start();
    told.await();
    assertTrue(seen.wasElsewhere());
    assertFalse(seen.isElsewhere()); // no fit is on its stack
    end.countDown();
    other.join();
    assertFalse(seen.wasElsewhere());
    seen.iterationDone(1);
    assertFalse(seen.wasElsewhere());
  }
}
