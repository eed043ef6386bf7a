// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core;

import static io.github.ema4j.core.Vectors.assertValues;
import static io.github.ema4j.core.Vectors.bits;
import static io.github.ema4j.core.Vectors.doubles;
import static io.github.ema4j.core.Vectors.floats;
import static io.github.ema4j.core.schedule.DecaySchedule.constant;
import static io.github.ema4j.core.schedule.DecaySchedule.copyFirst;
import static io.github.ema4j.core.schedule.DecaySchedule.halfLife;
import static io.github.ema4j.core.schedule.DecaySchedule.momentumAnnealing;
import static io.github.ema4j.core.schedule.DecaySchedule.numUpdates;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.ema4j.core.schedule.DecaySchedule;
import java.util.Random;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The numbers in other implementations' own tests and documents, and closed forms. */
class ReferenceCasesTest {

  /** Overridden to run all of it with another kernel. */
  Kernel kernel() {
    return Kernel.HOST;
  }

  /** {@code tf.train.ExponentialMovingAverage}, moving_averages_test.py. */
  @Nested
  class TensorFlow {
    @Test
    void decay25ofTwoVariables() {
      ParameterAverage average = average(constant(0.25), floats(10, 11));
      average.update(floats(1, 2));
      assertValues(new double[] {3.25, 4.25}, average.shadow(), 0);
    }

    @Test
    void decay25ofOneVariable() {
      assertEquals(1.75, after(constant(0.25), 1, 2));
      assertEquals(3.5, after(constant(0.25), 2, 4));
      assertEquals(17.5, after(constant(0.25), 10, 20));
    }

    @Test
    void numUpdatesOneHasDecayTwoElevenths() {
      ParameterAverage average = average(numUpdates(0.25), doubles(10));
      average.update(doubles(1));
      assertEquals(2.0 / 11, average.decay(), 1e-15);
      assertEquals(2.636364, average.shadow().getDouble(0), 5e-7);
    }

    @Test
    void startFromZeroIsDebiasedByTheInitialShare() {
      ParameterAverage average = average(constant(0.25), doubles(0));
      double[] biased = {30, 37.5};
      for (double expected : biased) {
        average.update(doubles(40));
        assertEquals(expected, average.shadow().getDouble(0));
        assertEquals(40, average.shadow().getDouble(0) / (1 - average.initialShare()));
      }
    }

    @Test
    void aConstantIsItsOwnDebiasedAverage() {
      ParameterAverage average = average(constant(0.25), doubles(0, 0));
      average.update(doubles(1, 2));
      assertValues(new double[] {1, 2}, average.shadow().div(1 - average.initialShare()), 1e-15);
    }
  }

  /** {@code use_ema=True}, optimizer_test.py: the first step copies. */
  @Nested
  class Keras {
    private final DecaySchedule momentum = copyFirst(1, constant(0.9));

    @Test
    void overwriteEveryThirdStep() {
      INDArray variable = doubles(3, 4, 5, 6);
      ParameterAverage average = average(momentum, variable);
      average.update(variable.subi(1));
      assertValues(new double[] {2, 3, 4, 5}, average.shadow(), 0);
      average.update(variable.subi(1));
      assertValues(new double[] {1.9, 2.9, 3.9, 4.9}, average.shadow(), 1e-14);
      assertValues(new double[] {1, 2, 3, 4}, variable, 0);
      average.update(variable.subi(1));
      variable.assign(average.shadow());
      assertValues(new double[] {1.71, 2.71, 3.71, 4.71}, variable, 1e-14);
    }

    @Test
    void fitOfADenseLayerEndsAtPoint891() {
      // Weights of ones, x = 1, y = 0, mean squared error over two outputs, SGD 0.1: w -> 0.9 w.
      INDArray weights = floats(1, 1);
      ParameterAverage average = average(momentum, weights);
      average.update(weights.muli(0.9));
      average.update(weights.muli(0.9));
      assertValues(new double[] {0.891, 0.891}, average.shadow(), 1e-5);
    }
  }

  /** {@code AveragedModel} with {@code get_ema_avg_fn}, test_swa_utils.py: the closed form. */
  @Test
  void torchClosedFormOfTenUpdates() {
    int updates = 10;
    double decay = 0.999;
    Random random = new Random(10);
    ParameterAverage average =
        average(copyFirst(1, constant(decay)), doubles(random.nextGaussian()));
    double expected = 0;
    for (int i = 0; i < updates; i++) {
      double weight = random.nextGaussian();
      average.update(doubles(weight));
      expected += weight * Math.pow(decay, updates - i - 1) * (i > 0 ? 1 - decay : 1);
    }
    assertEquals(expected, average.shadow().getDouble(0), 1e-14);
  }

  /** Recurrences with known solutions. */
  @Nested
  class Recurrences {
    @Test
    void aStepResponseIsOneMinusTheDecaysPower() {
      assertEquals(0.6513215599, constantFrom(0, 1, 0.9, 10), 5e-11);
      assertEquals(0.9375, constantFrom(0, 1, 0.5, 4));
    }

    @Test
    void aRampIsFollowedWithALagOfDecayOverOneMinusDecay() {
      ParameterAverage average = average(constant(0.9), doubles(0));
      for (int t = 1; t <= 100; t++) {
        average.update(doubles(t));
      }
      assertEquals(91.000239052590, average.shadow().getDouble(0), 5e-13);
    }

    private double constantFrom(double start, double params, double decay, int updates) {
      ParameterAverage average = average(constant(decay), doubles(start));
      for (int i = 0; i < updates; i++) {
        average.update(doubles(params));
      }
      return average.shadow().getDouble(0);
    }
  }

  /** {@code ema} and {@code incremental_update} of optax. */
  @Nested
  class Optax {
    @Test
    void averageOfFiveThenSevenRawAndDebiased() {
      ParameterAverage average = average(constant(0.9), doubles(0));
      average.update(doubles(5));
      assertEquals(0.5, average.shadow().getDouble(0), 1e-15);
      assertEquals(5.0, average.shadow().getDouble(0) / (1 - average.initialShare()), 1e-14);
      average.update(doubles(7));
      assertEquals(1.15, average.shadow().getDouble(0), 1e-15);
      assertEquals(6.052632, average.shadow().getDouble(0) / (1 - average.initialShare()), 5e-7);
    }

    @Test
    void incrementalUpdateOfStepOneHalf() {
      assertEquals(1.5, after(constant(0.5), 2, 1));
      assertEquals(1.5, after(constant(0.5), 1, 2));
    }
  }

  /** {@code EMAHandler}, test_ema_handler.py: its momentum is the share of the new weights. */
  @ParameterizedTest
  @CsvSource({"1, 4.0625", "2, 3.5"})
  void igniteMomentumOneHalfAtEveryOrEverySecondIteration(int every, double expected) {
    AveragingConfig config =
        AveragingConfig.builder()
            .decay(0.5)
            .updateEvery(every)
            .correctDecayForInterval(false)
            .build();
    INDArray weight = floats(1);
    ParameterAverage average = kernel().average(config, weight);
    for (int iteration = 1; iteration <= 4; iteration++) {
      average.update(weight.addi(1));
    }
    assertEquals(expected, average.shadow().getDouble(0));
    assertEquals(5.0, weight.getDouble(0));
  }

  /** {@code ExponentialMovingAverage} of pytorch_ema. */
  @Nested
  class PytorchEma {
    @ParameterizedTest
    @CsvSource({"0.995, 0.005", "0.9, 0.1", "0, 1", "1, 0"})
    void oneUpdateFromZeroTowardsOneIsOneMinusTheDecay(double decay, double expected) {
      assertEquals(expected, after(constant(decay), 0, 1), 1e-16);
    }

    @Test
    void restoringAfterASwapIsExact() {
      INDArray params = Vectors.random(DataType.FLOAT, 1000, 7);
      long[] before = bits(params);
      ParameterAverage average = average(constant(0.9), Vectors.random(DataType.FLOAT, 1000, 8));
      average.swap(params).close();
      assertArrayEquals(before, bits(params));
    }
  }

  /**
   * {@code ExponentialMovingAverage}, {@code MomentumAnnealingEMA} and {@code EMAHook} of MMEngine.
   */
  @Nested
  class MMEngine {
    @Test
    void tenUpdatesOfMomentumOneTenthOfWhichTheFirstCopies() {
      expectTen(
          AveragingConfig.builder().schedule(copyFirst(1, constant(0.9))).build(), 1, i -> 0.1);
    }

    @Test
    void tenUpdatesOfAnnealedMomentum() {
      expectTen(
          AveragingConfig.builder().schedule(momentumAnnealing(0.1, 4)).build(),
          1,
          i -> Math.max(0.1, 4.0 / (4 + i)));
    }

    @Test
    void intervalThreeCopiesFirstThenAveragesEveryThird() {
      expectTen(
          AveragingConfig.builder()
              .decay(0.9)
              .startAfter(1)
              .updateEvery(3)
              .correctDecayForInterval(false)
              .build(),
          3,
          i -> 0.1);
    }

    @Test
    void beforeTheBeginTheWeightsAreCopied() {
      AveragingConfig config = AveragingConfig.builder().decay(0.9).startAfter(5).build();
      ParameterAverage average = kernel().average(config, doubles(0));
      for (int step = 1; step <= 5; step++) {
        average.update(doubles(step));
        assertEquals(step, average.shadow().getDouble(0));
      }
      average.update(doubles(6));
      assertEquals(5.1, average.shadow().getDouble(0), 1e-15);
    }

    /**
     * The loop of MMEngine's test: the first call copies, then every {@code interval}-th averages.
     */
    private void expectTen(AveragingConfig config, int interval, Momentum momentum) {
      Random random = new Random(4);
      double weight = random.nextGaussian();
      double expected = 0;
      ParameterAverage average = kernel().average(config, doubles(weight));
      for (int i = 0; i < 10; i++) {
        weight += random.nextGaussian();
        if (i == 0) {
          expected = weight;
        } else if (i % interval == 0) {
          double m = momentum.at(i);
          expected = expected * (1 - m) + weight * m;
        }
        average.update(doubles(weight));
        assertEquals(expected, average.shadow().getDouble(0), 1e-14, "call " + i);
      }
    }

    private interface Momentum {
      double at(int call);
    }
  }

  /** Composer's {@code smoothing = 2^(-interval / half_life)}. */
  @ParameterizedTest
  @CsvSource({
    "10, 1, 0.9330329915",
    "1, 1, 0.5",
    "1000, 1, 0.9993070930",
    "1000, 10, 0.9930924954",
    "100, 10, 0.9330329915"
  })
  void composerSmoothingOfAHalfLifeAndAnInterval(double halfLife, int interval, double expected) {
    AveragingConfig config =
        AveragingConfig.builder().schedule(halfLife(halfLife)).updateEvery(interval).build();
    ParameterAverage average = kernel().average(config, doubles(0));
    for (int step = 0; step < interval; step++) {
      average.update(doubles(1));
    }
    assertEquals(expected, average.decay(), 5e-11);
  }

  /** diffusers counts one less: its first step copies, its second has {@code num_updates} 1. */
  @Test
  void diffusersDefaultIsTheRampOfNumUpdatesAfterOneCopy() {
    AveragingConfig config =
        AveragingConfig.builder().schedule(numUpdates(0.9999)).startAfter(1).build();
    ParameterAverage average = kernel().average(config, floats(0));
    INDArray params = floats(1);
    for (int step = 1; step <= 1001; step++) {
      average.update(params);
      switch (step) {
        case 1 -> assertEquals(1, average.shadow().getDouble(0));
        case 2 -> assertEquals(0.1818181818, average.decay(), 5e-11);
        case 3 -> assertEquals(0.25, average.decay(), 5e-11);
        case 11 -> assertEquals(0.55, average.decay(), 5e-11);
        case 101 -> assertEquals(0.9181818182, average.decay(), 5e-11);
        case 1001 -> assertEquals(0.9910891089, average.decay(), 5e-11);
        default -> {}
      }
    }
  }

  /** Averaging every N-th step with decay d^N stands for averaging every step with d. */
  @Nested
  class Intervals {
    @ParameterizedTest
    @CsvSource({"0.9998, 10, 0.9980017990", "0.9999, 10, 0.9990004499", "0.999, 16, 0.9841194418"})
    void theDecayAppliedIsThePower(double decay, int interval, double expected) {
      AveragingConfig config = AveragingConfig.builder().decay(decay).updateEvery(interval).build();
      ParameterAverage average = kernel().average(config, doubles(0));
      for (int step = 1; step <= interval; step++) {
        average.update(doubles(1));
      }
      assertEquals(expected, average.decay(), 5e-11);
      assertEquals(1, average.updateCount());
    }

    @Test
    void forConstantParametersBothAreTheSame() {
      ParameterAverage everyStep = average(constant(0.999), doubles(0));
      ParameterAverage everySixteenth =
          kernel()
              .average(AveragingConfig.builder().decay(0.999).updateEvery(16).build(), doubles(0));
      for (int step = 1; step <= 1600; step++) {
        everyStep.update(doubles(1));
        everySixteenth.update(doubles(1));
        if (step % 16 == 0) {
          assertEquals(
              everyStep.shadow().getDouble(0), everySixteenth.shadow().getDouble(0), 1e-13);
        }
      }
    }

    @Test
    void forASlowRampTheyDifferByLessThanOneInterval() {
      ParameterAverage everyStep = average(constant(0.99), doubles(0));
      ParameterAverage everyTenth =
          kernel()
              .average(AveragingConfig.builder().decay(0.99).updateEvery(10).build(), doubles(0));
      for (int step = 1; step <= 5000; step++) {
        everyStep.update(doubles(step));
        everyTenth.update(doubles(step));
      }
      // Lags d/(1-d) = 99 and 10 d^10/(1-d^10) = 94.6 steps behind.
      assertEquals(5000 - 99, everyStep.shadow().getDouble(0), 1e-6);
      double power = Math.pow(0.99, 10);
      assertEquals(5000 - 10 * power / (1 - power), everyTenth.shadow().getDouble(0), 1e-6);
    }
  }

  /** A shadow of half precision would stop half way (0.999) or never move (0.9999). */
  @Nested
  class HalfPrecisionParameters {
    @ParameterizedTest
    @EnumSource(
        value = DataType.class,
        names = {"HALF", "BFLOAT16"})
    void theirShadowIsFloatAndDoesNotStall(DataType type) {
      INDArray params = Vectors.of(type, 2);
      for (double[] decayAndExpected : new double[][] {{0.999, 1.999940}, {0.9999, 1.632139}}) {
        double decay = decayAndExpected[0];
        ParameterAverage average = average(constant(decay), Vectors.of(type, 1));
        for (int update = 0; update < 10_000; update++) {
          average.update(params);
        }
        double shadow = average.shadow().getDouble(0);
        assertEquals(DataType.FLOAT, average.shadowType());
        assertEquals(decayAndExpected[1], shadow, 1e-6);
        assertEquals(2 - Math.pow(decay, 10_000), shadow, 1e-3);
      }
    }

    @Test
    void twentyThousandStepsTowardsOneAreWithinAThousandthOfTheExactValue() {
      INDArray params = Vectors.of(DataType.HALF, 1);
      ParameterAverage inFloat = average(constant(0.9999), Vectors.of(DataType.HALF, 0));
      ParameterAverage inDouble =
          kernel()
              .average(
                  AveragingConfig.builder().decay(0.9999).shadowType(DataType.DOUBLE).build(),
                  Vectors.of(DataType.HALF, 0));
      for (int update = 0; update < 20_000; update++) {
        inFloat.update(params);
        inDouble.update(params);
      }
      double exact = 1 - Math.pow(0.9999, 20_000);
      assertEquals(0.86468, exact, 5e-6);
      assertEquals(exact, inFloat.shadow().getDouble(0), 1e-5);
      assertEquals(exact, inDouble.shadow().getDouble(0), 1e-12);
    }
  }

  /** The lerp form has a fixed point; {@code d*s + (1-d)*w} in float32 has another. */
  @Nested
  class FixedPoints {
    @Test
    void oneThirdStaysOneThird() {
      INDArray third = floats(1 / 3.0);
      ParameterAverage average = average(constant(0.9999), third);
      for (int update = 0; update < 10_000; update++) {
        average.update(third);
      }
      assertArrayEquals(bits(third), bits(average.shadow()));
    }

    @Test
    void tenThousandUpdatesFromOneTowardsTwoAreExactToSixDigits() {
      ParameterAverage average = average(constant(0.9999), floats(1));
      INDArray two = floats(2);
      for (int update = 0; update < 10_000; update++) {
        average.update(two);
      }
      assertEquals(1.632139, average.shadow().getDouble(0), 1e-6);
    }
  }

  /** The definition: {@code decay*start + (1-decay)*params} for every element. */
  @Test
  void oneUpdateIsTheDefinitionForEveryElement() {
    double[] start = {1, -2, 3, 0, 5e-3};
    double[] params = {2, 4, -6, 8, 1e-3};
    ParameterAverage average = average(constant(0.9), doubles(start));
    assertArrayEquals(bits(doubles(start)), bits(average.shadow()));
    average.update(doubles(params));
    double[] expected = new double[start.length];
    for (int i = 0; i < expected.length; i++) {
      expected[i] = 0.9 * start[i] + (1 - 0.9) * params[i];
    }
    assertValues(expected, average.shadow(), 1e-15);
  }

  /** Starting from the parameters, as for decays up to one half; from 1e8 float would end at 0. */
  @Test
  void aDecayNearZeroKeepsTheDigitsOfSmallParameters() {
    ParameterAverage average = average(constant(1e-12), floats(1e8));
    average.update(floats(1e-3));
    assertEquals(1.1e-3, average.shadow().getDouble(0), 1e-9);
  }

  @Test
  void setCopiesExactlyAndStartsAfresh() {
    ParameterAverage average = average(constant(0.9), Vectors.random(DataType.FLOAT, 100, 1));
    average.update(Vectors.random(DataType.FLOAT, 100, 2));
    INDArray params = Vectors.random(DataType.FLOAT, 100, 3);
    average.set(params);
    assertArrayEquals(bits(params), bits(average.shadow()));
    assertEquals(0, average.stepCount());
    assertEquals(0, average.updateCount());
    assertEquals(1, average.initialShare());
    assertEquals(Double.NaN, average.decay());
  }

  private ParameterAverage average(DecaySchedule schedule, INDArray start) {
    return kernel().average(AveragingConfig.builder().schedule(schedule).build(), start);
  }

  /** The shadow of one number after one update. */
  private double after(DecaySchedule schedule, double start, double params) {
    ParameterAverage average = average(schedule, doubles(start));
    average.update(doubles(params));
    return average.shadow().getDouble(0);
  }
}
