// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core;

import static io.github.ema4j.core.Vectors.doubles;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.schedule.DecaySchedule;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Advice in the unit in which the user sets a decay: per optimizer step. */
class DecayAdviceTest {

  private static ParameterAverage average(AveragingConfig.Builder config) {
    return new ParameterAverage(config.build(), doubles(0));
  }

  private static double stepDecay(ParameterAverage average) {
    return DecayAdvice.stepDecay(average.config(), average.counters());
  }

  private static Optional<String> advice(ParameterAverage average) {
    return DecayAdvice.about(average.config(), average.counters());
  }

  /** As with workers that are averaged after five steps each. */
  @Test
  void updatesOfSeveralStepsAreAdvisedPerStepAndFollowingTheAdviceNeedsNoOther() {
    ParameterAverage average = average(AveragingConfig.builder().decay(0.99));
    for (int round = 0; round < 10; round++) {
      average.update(doubles(1), 5);
    }
    assertEquals(0.99, stepDecay(average));
    String advice = advice(average).orElseThrow();
    assertTrue(advice.startsWith("At decay 0.99 after 50 steps the average is still 61 %"), advice);
    assertTrue(advice.endsWith("or a decay of 0.6 for a run of this length"), advice);

    ParameterAverage advised = average(AveragingConfig.builder().decay(0.6));
    for (int round = 0; round < 10; round++) {
      advised.update(doubles(1), 5);
    }
    assertEquals(Optional.empty(), advice(advised));
    assertEquals(Math.pow(0.6, 50), advised.initialShare(), 1e-20);
  }

  @Test
  void theDecayPerStepIsThatOfTheScheduleAtTheLastStep() {
    DecaySchedule schedule = DecaySchedule.inversePower(0.9999);
    ParameterAverage average =
        average(AveragingConfig.builder().schedule(schedule).updateEvery(4).startAfter(3));
    assertTrue(Double.isNaN(stepDecay(average)));
    for (int step = 1; step <= 24; step++) {
      average.update(doubles(1));
    }
    assertEquals(20, average.counters().averagedSteps());
    assertEquals(schedule.decayAt(20), stepDecay(average));
  }

  @Test
  void aDecayPerUpdateIsTurnedIntoOnePerStep() {
    ParameterAverage average =
        average(AveragingConfig.builder().decay(0.5).updateEvery(4).correctDecayForInterval(false));
    for (int step = 1; step <= 8; step++) {
      average.update(doubles(1));
    }
    assertEquals(Math.pow(0.5, 0.25), stepDecay(average), 1e-15);
    String advice = advice(average).orElseThrow();
    assertTrue(advice.startsWith("At decay 0.5 after 2 updates the"), advice);
  }

  @Test
  void beforeTheFirstUpdateThereIsNoAdvice() {
    ParameterAverage average = average(AveragingConfig.builder().decay(0.9).startAfter(5));
    assertEquals(Optional.empty(), advice(average));
    average.update(doubles(1));
    assertEquals(Optional.empty(), advice(average));
  }

  /**
   * Of variances of a few hundredths, an initial variance of 1 is more than half at such a share.
   */
  @Test
  void aFewPercentOfTheInitialWeightsAreTold() {
    ParameterAverage average = average(AveragingConfig.builder().decay(0.998));
    average.update(doubles(1), 1_570);
    assertEquals(0.043, average.initialShare(), 0.001);
    assertTrue(advice(average).orElseThrow().contains("still 4 % initial weights"));
    average.update(doubles(1), 750);
    assertTrue(average.initialShare() < 0.01);
    assertEquals(Optional.empty(), advice(average));
  }

  @Test
  void anAverageThatNeverMovesIsAdvisedWithoutNaN() {
    ParameterAverage average = average(AveragingConfig.builder().decay(1));
    for (int step = 1; step <= 90; step++) {
      average.update(doubles(1));
    }
    String advice = advice(average).orElseThrow();
    assertTrue(advice.startsWith("At decay 1 after 90 steps the average is still 100 %"), advice);
    assertTrue(advice.contains("a decay of 0.78 for"), advice);
    assertFalse(advice.contains("NaN"), advice);
  }

  @ParameterizedTest
  @CsvSource({
    "0.777778, 0.78",
    "0.9957537155, 0.9958",
    "0.998, 0.998",
    "0.9999, 0.9999",
    "0.99999, 0.99999",
    "0.999867, 0.99987",
    "0.9, 0.9",
    "0.5, 0.5",
    "0.18, 0.18",
    "0.001, 0.001",
    "0.33333, 0.33",
    "0, 0",
    "1, 1"
  })
  void decaysAreToldInFewDigits(double decay, String text) {
    assertEquals(text, DecayAdvice.text(decay));
  }

  /**
   * Five digits at most; what is told differs from what is meant by less than 5 % of its weight.
   */
  @ParameterizedTest
  @ValueSource(longs = {21, 90, 50, 942, 2000, 30_000, 39_999, 1_000_000})
  void recommendedDecaysAreToldInFiveDigitsAtMost(long steps) {
    double decay = DecayAdvice.recommendedDecay(steps);
    String text = DecayAdvice.text(decay);
    assertTrue(text.length() <= "0.".length() + 5, text);
    assertEquals(1 - decay, 1 - Double.parseDouble(text), 0.05 * (1 - decay));
  }
}
