// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.schedule.DecaySchedule;
import org.junit.jupiter.api.Test;

/** Which steps are updates, with which decay; that the shadow obeys is tested elsewhere. */
class StepCounterTest {

  private static StepCounter counter(AveragingConfig.Builder config) {
    return new StepCounter(config.build(), AverageCounters.START);
  }

  private static double step(StepCounter counter) {
    double decay = counter.next(1, 0);
    counter.count(decay, 1);
    return decay;
  }

  @Test
  void copiesThenAveragesEveryThirdStep() {
    StepCounter counter =
        counter(AveragingConfig.builder().decay(0.5).startAfter(2).updateEvery(3));
    double[] expected = {0, 0, Double.NaN, Double.NaN, 0.125, Double.NaN, Double.NaN, 0.125};
    for (double decay : expected) {
      assertEquals(decay, step(counter));
    }
    assertEquals(new AverageCounters(8, 2, 6, 0, 0.125, 0.015625), counter.counters());
  }

  @Test
  void intervalThatPassesTheStartHasTheDecaysBeyondIt() {
    StepCounter counter = counter(AveragingConfig.builder().decay(0.5).startAfter(2));
    assertEquals(0.125, counter.next(5, 0));
    assertTrue(counter.count(0.125, 5));
    assertEquals(new AverageCounters(5, 1, 3, 0, 0.125, 0.125), counter.counters());
  }

  @Test
  void scheduleIsAskedWithUpdatesWhereDecaysAreNotCorrected() {
    DecaySchedule schedule = DecaySchedule.numUpdates(0.99);
    StepCounter counter =
        counter(
            AveragingConfig.builder()
                .schedule(schedule)
                .updateEvery(2)
                .correctDecayForInterval(false));
    assertFalse(StepCounter.isDue(step(counter)));
    assertEquals(schedule.decayAt(1), step(counter));
    step(counter);
    assertEquals(schedule.decayAt(2), step(counter));
  }

  @Test
  void skippedUpdateLeavesTheScheduleWhereItIs() {
    StepCounter counter = counter(AveragingConfig.builder().decay(0.5));
    step(counter);
    assertTrue(counter.skip(1), "the first of several");
    assertFalse(counter.skip(1));
    assertEquals(new AverageCounters(3, 1, 1, 2, 0.5, 0.5), counter.counters());
    step(counter);
    assertTrue(counter.skip(1), "the first again");
  }

  /** Averaging begins in the middle of an interval of three steps, which counts from there. */
  @Test
  void awaitsAnEpochAndCountsFromThere() {
    StepCounter counter =
        counter(AveragingConfig.builder().decay(0.5).startAfterEpochs(2).updateEvery(3));
    double[] expected = {0, 0, 0, 0, Double.NaN, Double.NaN, 0.125, Double.NaN};
    for (int step = 0; step < expected.length; step++) {
      double decay = counter.next(1, step / 2); // two steps in an epoch
      assertEquals(expected[step], decay);
      assertEquals(decay == 0.125, counter.count(decay, 1));
    }
    assertEquals(new AverageCounters(8, 1, 3, 0, 0.125, 0.125, 0, 0, 4), counter.counters());
    counter.next(1, 1); // an earlier epoch again, as the network was set back
    counter.skip(1);
    assertEquals(5, counter.counters().awaitedSteps());
  }

  @Test
  void restartForgetsEverything() {
    StepCounter counter = counter(AveragingConfig.builder().decay(0.5));
    step(counter);
    counter.skip(1);
    counter.restart();
    assertEquals(AverageCounters.START, counter.counters());
    assertTrue(counter.skip(1), "the first again");
  }

  @Test
  void stepsThatOneUpdateCannotStandForAreRefused() {
    StepCounter every = counter(AveragingConfig.builder().decay(0.5).updateEvery(2));
    assertThrows(IllegalArgumentException.class, () -> every.requireUpdateOf(0));
    assertThrows(IllegalStateException.class, () -> every.requireUpdateOf(2));
    every.requireUpdateOf(1);
  }
}
