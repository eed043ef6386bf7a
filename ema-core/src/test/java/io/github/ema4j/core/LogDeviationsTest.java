// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core;

import static io.github.ema4j.core.Vectors.bits;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.schedule.DecaySchedule;
import io.github.ema4j.core.state.AverageState;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Elements that hold a variance as the log10 of the standard deviation. */
class LogDeviationsTest {

  /** Overridden to run all of it with another kernel. */
  Kernel kernel() {
    return Kernel.HOST;
  }

  private static final int LENGTH = 3000;
  private static final Ranges LOGS =
      Ranges.of(LENGTH, new long[] {5, 700, 2990}, new long[] {37, 1400, 3000});
  private static final Coverage COVERAGE =
      new Coverage(
          Ranges.all(LENGTH), Ranges.none(LENGTH), new Variances(Ranges.none(LENGTH), LOGS));

  /** Ordinary weights, and deviations from 1e-3 to 10. */
  private static INDArray params(DataType type, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    return Vectors.of(
        type, IntStream.range(0, LENGTH).mapToDouble(i -> random.nextDouble(-3, 1)).toArray());
  }

  private static int[] logs() {
    return IntStream.range(0, LENGTH)
        .filter(i -> IntStream.range(0, 3).anyMatch(r -> LOGS.from(r) <= i && i < LOGS.to(r)))
        .toArray();
  }

  static Stream<AveragingConfig> configurations() {
    return Stream.of(
        AveragingConfig.of(0.99),
        AveragingConfig.of(0.3),
        AveragingConfig.builder().schedule(DecaySchedule.uniform()).build(),
        AveragingConfig.builder().schedule(DecaySchedule.inversePower(0.999)).build(),
        AveragingConfig.builder().decay(0.9).updateEvery(3).startAfter(4).build(),
        AveragingConfig.builder().decay(0.9).shadowType(DataType.DOUBLE).build(),
        AveragingConfig.builder().decay(0.9).shadowOnHost(true).build(),
        AveragingConfig.builder().decay(0.9).shadowOnHost(true).inBackground(true).build());
  }

  @ParameterizedTest
  @MethodSource("configurations")
  void theAverageIsThatOfTheVariances(AveragingConfig config) {
    ParameterAverage average = kernel().average(config, params(DataType.FLOAT, 0), COVERAGE);
    double[] variances = variances(params(DataType.FLOAT, 0));
    for (int step = 1; step <= 40; step++) {
      INDArray params = params(DataType.FLOAT, step);
      boolean updated = average.update(params);
      double decay = updated ? average.decay() : step <= config.startAfter() ? 0 : 1;
      double[] now = variances(params);
      for (int i = 0; i < now.length; i++) {
        variances[i] = decay * variances[i] + (1 - decay) * now[i];
      }
    }
    double[] actual = average.variances();
    double[] held = variances(average.shadow());
    for (int i = 0; i < actual.length; i++) {
      assertEquals(1, actual[i] / variances[i], 1e-13, "variance " + i);
      // A logarithm of 3 has a step of 2.4e-7 in FLOAT.
      assertEquals(1, held[i] / variances[i], 1e-6, "variance in the shadow " + i);
    }
  }

  private static double[] variances(INDArray values) {
    return IntStream.of(logs()).mapToDouble(i -> Math.pow(10, 2 * values.getDouble(i))).toArray();
  }

  @Test
  void allOtherElementsAreAveragedAsEver() {
    ParameterAverage average =
        kernel().average(AveragingConfig.of(0.9), params(DataType.FLOAT, 0), COVERAGE);
    ParameterAverage plain = kernel().average(AveragingConfig.of(0.9), params(DataType.FLOAT, 0));
    for (int step = 1; step <= 10; step++) {
      average.update(params(DataType.FLOAT, step));
      plain.update(params(DataType.FLOAT, step));
    }
    long[] expected = bits(plain.shadow());
    long[] actual = bits(average.shadow());
    int differences = 0;
    for (int i : logs()) {
      differences += expected[i] == actual[i] ? 0 : 1;
      expected[i] = actual[i];
    }
    assertArrayEquals(expected, actual);
    assertTrue(differences > 700, differences + " of 742 differ from a mean of logarithms");
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT", "DOUBLE"})
  void constantDeviationsStayBitExact(DataType type) {
    double[] constants = {
      0, -0.0, 1e-12, -3e-30, 0.3, -22.4, 5, -149.9, -150, -200, 300, 1.23456789, -1e-45
    };
    INDArray params = Vectors.of(type, constants);
    Ranges all = Ranges.all(constants.length);
    Coverage coverage =
        new Coverage(
            all, Ranges.none(constants.length), new Variances(Ranges.none(constants.length), all));
    for (double decay : new double[] {0, 0.3, 0.5, 0.99, 0.9999, 1}) {
      ParameterAverage average = kernel().average(AveragingConfig.of(decay), params, coverage);
      for (int step = 0; step < 50; step++) {
        average.update(params);
      }
      assertArrayEquals(bits(params), bits(average.shadow()), "decay " + decay);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aSilentSpellDoesNotPullTheVarianceToZero(boolean onHost) {
    INDArray speaking = Vectors.floats(0, 0);
    INDArray silent = Vectors.floats(-10, -10);
    Ranges first = Ranges.of(2, new long[] {0}, new long[] {1});
    ParameterAverage average =
        kernel()
            .average(
                AveragingConfig.builder().decay(0.9).shadowOnHost(onHost).build(),
                speaking,
                new Coverage(Ranges.all(2), Ranges.none(2), new Variances(Ranges.none(2), first)));
    for (int step = 0; step < 5; step++) {
      average.update(silent);
    }
    double share = Math.pow(0.9, 5);
    assertEquals(0.5 * Math.log10(share), average.shadow().getDouble(0), 1e-7);
    assertEquals(-10 * (1 - share), average.shadow().getDouble(1), 1e-6); // an ordinary element
  }

  @Test
  void whatIsNotFiniteKeepsItsLastGoodAverage() {
    for (double bad :
        new double[] {Double.NaN, Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY}) {
      ParameterAverage average =
          kernel().average(AveragingConfig.of(0.5), params(DataType.FLOAT, 0), COVERAGE);
      ParameterAverage sound =
          kernel().average(AveragingConfig.of(0.5), params(DataType.FLOAT, 0), COVERAGE);
      INDArray params = params(DataType.FLOAT, 1);
      sound.update(params);
      long[] expected = bits(sound.shadow());
      expected[6] = bits(average.shadow())[6];
      assertFalse(average.update(params.dup().putScalar(6, bad)));
      assertEquals(1, average.skippedUpdates());
      assertArrayEquals(expected, bits(average.shadow()));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aResumedAverageGoesOnBitForBit(boolean onHost) {
    AveragingConfig config = AveragingConfig.builder().decay(0.999).shadowOnHost(onHost).build();
    ParameterAverage average = kernel().average(config, params(DataType.FLOAT, 0), COVERAGE);
    for (int step = 1; step <= 20; step++) {
      average.update(params(DataType.FLOAT, step));
    }
    AverageState state = AverageState.of(average);
    ParameterAverage resumed =
        new AverageState(state.info(), state.shadow().dup(), state.variances())
            .resume(params(DataType.FLOAT, 20), config);
    ParameterAverage takenOver = kernel().average(config, params(DataType.FLOAT, 7), COVERAGE);
    takenOver.set(average.counters(), average.shadow(), average.variances());
    for (int step = 21; step <= 40; step++) {
      average.update(params(DataType.FLOAT, step));
      resumed.update(params(DataType.FLOAT, step));
      takenOver.update(params(DataType.FLOAT, step));
    }
    for (ParameterAverage other : new ParameterAverage[] {resumed, takenOver}) {
      assertArrayEquals(bits(average.shadow()), bits(other.shadow()));
      assertArrayEquals(average.variances(), other.variances(), 0);
    }
  }

  @Test
  void aGroupHasTheBitsOfEachAlone() {
    double[] decays = {0, 0.3, 0.9, 0.999};
    ParameterAverage[] members = new ParameterAverage[decays.length];
    ParameterAverage[] alone = new ParameterAverage[decays.length];
    for (int i = 0; i < decays.length; i++) {
      AveragingConfig config =
          AveragingConfig.builder().decay(decays[i]).shadowOnHost(i == 1).startAfter(i).build();
      members[i] = kernel().average(config, params(DataType.FLOAT, 0), COVERAGE);
      alone[i] = kernel().average(config, params(DataType.FLOAT, 0), COVERAGE);
    }
    AverageGroup group = AverageGroup.of(members);
    for (int step = 1; step <= 10; step++) {
      INDArray params = params(DataType.FLOAT, step);
      if (step == 5) {
        params.putScalar(6, Double.NaN);
      }
      group.update(params);
      for (ParameterAverage average : alone) {
        average.update(params);
      }
    }
    for (int i = 0; i < decays.length; i++) {
      assertArrayEquals(bits(alone[i].shadow()), bits(members[i].shadow()), "member " + i);
      assertArrayEquals(alone[i].variances(), members[i].variances(), 0);
      assertEquals(alone[i].counters(), members[i].counters());
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aSwapLeavesNoTrace(boolean onHost) {
    AveragingConfig config = AveragingConfig.builder().decay(0.9).shadowOnHost(onHost).build();
    ParameterAverage average = kernel().average(config, params(DataType.FLOAT, 0), COVERAGE);
    INDArray params = params(DataType.FLOAT, 1);
    average.update(params);
    long[] raw = bits(params);
    long[] shadow = bits(average.shadow());
    try (Swap ignored = average.swap(params)) {
      assertArrayEquals(shadow, bits(params));
    }
    assertArrayEquals(raw, bits(params));
    assertArrayEquals(shadow, bits(average.shadow()));
  }

  @Test
  void variancesOfAnotherAverageAreRefused() {
    ParameterAverage average =
        kernel().average(AveragingConfig.of(0.9), params(DataType.FLOAT, 0), COVERAGE);
    average.update(params(DataType.FLOAT, 1));
    long[] shadow = bits(average.shadow());
    double[] variances = average.variances();
    double[] other = average.variances();
    other[3] *= 1.01;
    double[] negative = average.variances();
    negative[3] = -negative[3];
    double[] none = {};
    for (double[] wrong : new double[][] {other, negative, none}) {
      assertThrows(
          IllegalArgumentException.class,
          () -> average.set(AverageCounters.START, params(DataType.FLOAT, 0), wrong));
      assertThrows(
          IllegalArgumentException.class,
          () -> average.set(AverageCounters.START, average.shadow().dup(), wrong));
    }
    assertEquals(1, average.updateCount());
    assertArrayEquals(shadow, bits(average.shadow()));
    assertArrayEquals(variances, average.variances(), 0);
  }

  @Test
  void aVarianceIsHeldInOneFormAndIsAveraged() {
    Ranges some = Ranges.of(4, new long[] {1}, new long[] {3});
    assertThrows(IllegalArgumentException.class, () -> new Variances(some, some));
    assertThrows(IllegalArgumentException.class, () -> new Variances(some, Ranges.none(5)));
    assertThrows(
        IllegalArgumentException.class,
        () -> new Coverage(some, some.complement(), new Variances(Ranges.none(4), Ranges.all(4))));
    assertThrows(
        IllegalArgumentException.class,
        () -> new Coverage(Ranges.all(5), Ranges.none(5), Variances.none(4)));
  }
}
