// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.schedule;

import static io.github.ema4j.core.schedule.DecaySchedule.constant;
import static io.github.ema4j.core.schedule.DecaySchedule.copyFirst;
import static io.github.ema4j.core.schedule.DecaySchedule.exponentialRamp;
import static io.github.ema4j.core.schedule.DecaySchedule.halfLife;
import static io.github.ema4j.core.schedule.DecaySchedule.inversePower;
import static io.github.ema4j.core.schedule.DecaySchedule.linearRamp;
import static io.github.ema4j.core.schedule.DecaySchedule.momentumAnnealing;
import static io.github.ema4j.core.schedule.DecaySchedule.numUpdates;
import static io.github.ema4j.core.schedule.DecaySchedule.powerFunction;
import static io.github.ema4j.core.schedule.DecaySchedule.uniform;
import static io.github.ema4j.core.schedule.DecaySchedule.window;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The schedules' values, as published by the systems they come from, to the digits printed there.
 */
class DecayScheduleTest {
  private static final double TEN_DIGITS = 5e-11;

  /** timm, diffusers and ema-pytorch: the first update is step 1 and copies. */
  @ParameterizedTest
  @CsvSource({
    "1, 0",
    "2, 0.3700394751",
    "3, 0.5192501432",
    "11, 0.7978199918",
    "101, 0.9538909950",
    "1001, 0.9900066611",
    "31623, 0.9990000047",
    "100001, 0.9995358442",
    "1000001, 0.9999"
  })
  void inversePowerTwoThirds(long update, double expected) {
    assertEquals(expected, inversePower(0.9999).decayAt(update), TEN_DIGITS);
  }

  @ParameterizedTest
  @CsvSource({
    "1, 0",
    "2, 0.4053964425",
    "11, 0.8344399739",
    "101, 0.9686123378",
    "1001, 0.9943808006",
    "10001, 0.9990000750"
  })
  void inversePowerThreeQuarters(long update, double expected) {
    assertEquals(expected, inversePower(0.9999, 1, 0.75, 0, 0).decayAt(update), TEN_DIGITS);
  }

  @Test
  void inversePowerIsClampedFromAboveAndBelow() {
    assertEquals(0.9999, inversePower(0.9999).decayAt(1_000_001));
    assertEquals(0.9999000001, inversePower(1).decayAt(1_000_001), TEN_DIGITS);
    DecaySchedule atLeastHalf = inversePower(0.999, 1, 2.0 / 3, 0.5, 10);
    assertEquals(0, atLeastHalf.decayAt(11));
    assertEquals(0.5, atLeastHalf.decayAt(12));
    assertEquals(0.5192501432, atLeastHalf.decayAt(13), TEN_DIGITS);
  }

  /** diffusers' default has at step k what TensorFlow has for {@code num_updates} k - 1. */
  @ParameterizedTest
  @CsvSource({
    "2, 0.1818181818",
    "3, 0.25",
    "11, 0.55",
    "101, 0.9181818182",
    "1001, 0.9910891089",
    "100001, 0.9999",
    "1000001, 0.9999"
  })
  void diffusersDefault(long step, double expected) {
    assertEquals(expected, numUpdates(0.9999).decayAt(step - 1), TEN_DIGITS);
  }

  @ParameterizedTest
  @CsvSource({"0.9, 80", "0.99, 890", "0.999, 8990", "0.9999, 89990", "0.99996, 224990"})
  void numUpdatesReachesItsDecay(double decay, long update) {
    assertEquals(decay, numUpdates(decay).decayAt(update), 1e-15);
    assertEquals(decay, numUpdates(decay).decayAt(update + 1));
    assertTrue(numUpdates(decay).decayAt(update - 1) < decay);
  }

  @ParameterizedTest
  @CsvSource({
    "1, 0.000499825",
    "100, 0.048765698",
    "2000, 0.632057347",
    "10000, 0.993162727",
    "20000, 0.999854605"
  })
  void ultralyticsRamp(long update, double expected) {
    assertEquals(expected, exponentialRamp(0.9999, 2000).decayAt(update), 5e-10);
  }

  @ParameterizedTest
  @CsvSource({"0, 1.0", "100, 0.5", "10000, 0.00990099", "499900, 0.0002"})
  void mmengineDefaultMomentum(long steps, double momentum) {
    assertEquals(1 - momentum, momentumAnnealing(0.0002, 100).decayAt(steps + 1), 5e-9);
  }

  @ParameterizedTest
  @CsvSource({"0, 1.0", "4, 0.5", "12, 0.25", "36, 0.1", "1000, 0.1"})
  void mmengineMomentumOneTenthGammaFour(long steps, double momentum) {
    assertEquals(1 - momentum, momentumAnnealing(0.1, 4).decayAt(steps + 1), 1e-15);
  }

  @ParameterizedTest
  @ValueSource(doubles = {1e-9, 0.001, 0.1, 0.3, 4, 100, 1e9})
  void mmengineCopiesAtItsFirstUpdateWhateverItsGamma(double gamma) {
    assertEquals(0, momentumAnnealing(0.0002, gamma).decayAt(1));
  }

  /** ignite: momentum_warmup at iteration 1, momentum from iteration warmup_iters on. */
  @Test
  void igniteWarmUpIsALineBetweenBothEnds() {
    DecaySchedule schedule = linearRamp(1 - 0.0001, 1 - 0.0002, 5);
    double[] momenta = {0.0001, 0.000125, 0.00015, 0.000175, 0.0002, 0.0002};
    for (int i = 0; i < momenta.length; i++) {
      assertEquals(1 - momenta[i], schedule.decayAt(i + 1), 1e-15);
    }
    assertEquals(0.9, linearRamp(0.1, 0.9, 1).decayAt(1));
  }

  @Test
  void uniformIsTheMean() {
    assertEquals(0, uniform().decayAt(1));
    assertEquals(0.5, uniform().decayAt(2));
    assertEquals(0.99, uniform().decayAt(100));
  }

  @Test
  void copyFirstAsksWithTheSameNumbers() {
    DecaySchedule schedule = copyFirst(3, uniform());
    assertEquals(0, schedule.decayAt(1));
    assertEquals(0, schedule.decayAt(3));
    assertEquals(0.75, schedule.decayAt(4));
    assertEquals(0.9, copyFirst(0, constant(0.9)).decayAt(1));
  }

  @Nested
  class HalfLifeAndWindow {
    @ParameterizedTest
    @CsvSource({"10, 0.9330329915", "1, 0.5", "1000, 0.9993070930", "100, 0.9930924954"})
    void halfLife2ToTheMinusOneOver(double updates, double expected) {
      assertEquals(expected, halfLife(updates).decayAt(1), TEN_DIGITS);
    }

    @Test
    void theHalfLifeOfFourNinesIs6931() {
      assertEquals(0.9999, halfLife(6931.1).decayAt(1), 1e-9);
    }

    @ParameterizedTest
    @CsvSource({"100, 0.99", "1000, 0.999", "5000, 0.9998", "10000, 0.9999", "1, 0"})
    void windowIsTheHorizon(double updates, double expected) {
      assertEquals(expected, window(updates).decayAt(1), 1e-15);
    }

    @ParameterizedTest
    @CsvSource({"0.999, 4603", "0.9998, 23024", "0.9999, 46049"})
    void stepsUntilAHundredthOfTheStartRemains(double decay, long steps) {
      double share = constant(decay).decayOver(1, steps);
      assertEquals(0.01, share, 0.01 * (1 - decay));
    }

    @ParameterizedTest
    @CsvSource({
      "0.968, 0.997969",
      "0.984, 0.998992",
      "0.992, 0.999498",
      "0.996, 0.999750",
      "0.998, 0.999875"
    })
    void everySixteenthStepEqualsEveryStep(double everySixteenth, double everyStep) {
      // Six printed digits, to the 16th power.
      assertEquals(everySixteenth, constant(everyStep).decayOver(1, 16), 16 * 5e-7);
    }

    @ParameterizedTest
    @CsvSource({"0.9999, 0.99840", "0.999, 0.98412"})
    void sixteenUpdatesByMistakeActAsThePower(double decay, double effective) {
      assertEquals(effective, constant(decay).decayOver(1, 16), 5e-6);
    }
  }

  @Nested
  class PowerFunctionOfEdm2 {
    @ParameterizedTest
    @CsvSource({
      "0.05, 16.97219860",
      "0.10, 6.93720394",
      "0.15, 3.55786877",
      "0.20, 1.82621378",
      "0.25, 0.71982396"
    })
    void gammaOfAWidth(double sigmaRel, double gamma) {
      double exponent = Math.log(powerFunction(sigmaRel).decayAt(2)) / Math.log(0.5);
      assertEquals(gamma, exponent - 1, 5e-9);
    }

    @ParameterizedTest
    @CsvSource({
      "0.05, 100, 0.83624862",
      "0.05, 1000, 0.98219716",
      "0.10, 100, 0.92406043",
      "0.10, 1000, 0.99209815"
    })
    void betaAfterATime(double sigmaRel, long time, double beta) {
      assertEquals(beta, powerFunction(sigmaRel).decayAt(time + 1), 5e-9);
    }

    @Test
    void theFirstUpdateCopies() {
      assertEquals(0, powerFunction(0.1).decayAt(1));
    }

    @Test
    void halfOfTheWeightOfTheDefaultLiesOnTheLastFourPercentAndNearlyAllOnTheLastFifteen() {
      DecaySchedule schedule = powerFunction(0.05);
      for (long updates : new long[] {1_000, 100_000}) {
        assertEquals(0.50, 1 - schedule.decayOver(updates * 962 / 1000 + 1, updates), 0.01);
        assertEquals(0.95, 1 - schedule.decayOver(updates * 847 / 1000 + 1, updates), 0.01);
      }
    }

    @Test
    void theWidestProfileIsNearlyTheMean() {
      assertEquals(uniform().decayAt(10), powerFunction(0.28867513).decayAt(10), 1e-7);
    }
  }

  @Nested
  class Refusals {
    @ParameterizedTest
    @ValueSource(
        doubles = {
          -1e-9,
          1.0000001,
          Double.NaN,
          Double.POSITIVE_INFINITY,
          Double.NEGATIVE_INFINITY
        })
    void aDecayOutsideZeroToOneIsRefusedByNameAndValue(double decay) {
      for (Executable factory :
          new Executable[] {
            () -> constant(decay),
            () -> inversePower(decay),
            () -> numUpdates(decay),
            () -> exponentialRamp(decay, 2000),
            () -> linearRamp(decay, 0.9, 10),
            () -> linearRamp(0.9, decay, 10)
          }) {
        refused("decay", decay, factory);
      }
      refused("momentum", decay, () -> momentumAnnealing(decay, 100));
      refused("mindecay", decay, () -> inversePower(0.9, 1, 0.75, decay, 0));
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, -1, Double.NaN, Double.POSITIVE_INFINITY})
    void aScaleMustBeAboveZeroAndFinite(double scale) {
      refused("gamma", scale, () -> inversePower(0.9, scale, 0.75, 0, 0));
      refused("power", scale, () -> inversePower(0.9, 1, scale, 0, 0));
      refused("tau", scale, () -> exponentialRamp(0.9, scale));
      refused("gamma", scale, () -> momentumAnnealing(0.1, scale));
      refused("halflife", scale, () -> halfLife(scale));
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.99, 0, -5, Double.NaN, Double.POSITIVE_INFINITY})
    void aWindowIsAtLeastOneUpdate(double updates) {
      refused("window", updates, () -> window(updates));
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, -0.1, 0.28867514, 1, Double.NaN})
    void sigmaRelLiesBelowThatOfTheMean(double sigmaRel) {
      refused("sigmarel", sigmaRel, () -> powerFunction(sigmaRel));
    }

    @Test
    void countsAreNotNegative() {
      refused("updates", -1, () -> copyFirst(-1, constant(0.9)));
      refused("updates", 0, () -> linearRamp(0.1, 0.9, 0));
      refused("updateafterstep", -1, () -> inversePower(0.9, 1, 0.75, 0, -1));
      assertThrows(NullPointerException.class, () -> copyFirst(1, null));
    }

    @Test
    void aMinimumAboveTheDecayIsRefused() {
      refused("mindecay", 0.95, () -> inversePower(0.9, 1, 0.75, 0.95, 0));
    }

    @Test
    void aCorrectedAverageWithoutDecayIsRefusedWithWhatItWouldBe() {
      IllegalArgumentException e =
          assertThrows(IllegalArgumentException.class, () -> DecaySchedule.debiased(1));
      assertTrue(e.getMessage().contains("uniform()"), e.getMessage());
      assertThrows(IllegalArgumentException.class, () -> DecaySchedule.debiased(Double.NaN));
      assertThrows(IllegalArgumentException.class, () -> DecaySchedule.debiased(-0.1));
    }

    @Test
    void aShareOfTheRunIsAboveZeroAndFinite() {
      for (double fraction : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
        assertThrows(
            IllegalArgumentException.class, () -> DecaySchedule.halfLifeFraction(fraction));
      }
    }

    @Test
    void aCosineGoesBetweenDecays() {
      assertThrows(IllegalArgumentException.class, () -> DecaySchedule.cosine(1.1, 1, 10));
      assertThrows(IllegalArgumentException.class, () -> DecaySchedule.cosine(0.9, -0.1, 10));
      assertThrows(IllegalArgumentException.class, () -> DecaySchedule.cosine(0.9, 1, 0));
    }

    private void refused(String name, double value, Executable factory) {
      IllegalArgumentException e = assertThrows(IllegalArgumentException.class, factory);
      String message = e.getMessage().toLowerCase(java.util.Locale.ROOT);
      String number = value == (long) value ? Long.toString((long) value) : Double.toString(value);
      assertTrue(
          message.contains(name) && message.contains(number.toLowerCase(java.util.Locale.ROOT)),
          e.getMessage());
    }
  }
}
