// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core;

import static io.github.ema4j.core.Vectors.bits;
import static io.github.ema4j.core.Vectors.floats;
import static io.github.ema4j.core.Vectors.random;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.schedule.DecaySchedule;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A group does what its averages do one by one. */
class AverageGroupTest {

  /** Overridden to run all of it with another kernel. */
  Kernel kernel() {
    return Kernel.HOST;
  }

  private static final int LENGTH = 1300;

  private List<ParameterAverage> averages(DataType type) {
    List<AveragingConfig.Builder> configs =
        List.of(
            AveragingConfig.builder().decay(0.9),
            AveragingConfig.builder().decay(0.999).shadowType(DataType.DOUBLE),
            AveragingConfig.builder().schedule(DecaySchedule.inversePower(0.99)).startAfter(3),
            AveragingConfig.builder().decay(0.95).updateEvery(4),
            AveragingConfig.builder().decay(0.5).updateEvery(3).correctDecayForInterval(false),
            AveragingConfig.builder().schedule(DecaySchedule.uniform()));
    return configs.stream()
        .map(config -> kernel().average(config.build(), random(type, LENGTH, 1)))
        .toList();
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT", "DOUBLE", "HALF"})
  void everyAverageGetsTheBitsAndCountsOfItsOwnUpdates(DataType type) {
    List<ParameterAverage> alone = averages(type);
    List<ParameterAverage> grouped = averages(type);
    AverageGroup group = AverageGroup.of(grouped.toArray(ParameterAverage[]::new));
    for (int step = 2; step < 30; step++) {
      INDArray params = random(type, LENGTH, step);
      if (step % 7 == 0) {
        params.putScalar(step, Double.NaN);
      }
      boolean anyUpdated = false;
      for (ParameterAverage average : alone) {
        anyUpdated |= average.update(params);
      }
      assertEquals(anyUpdated, group.update(params), "step " + step);
      for (int i = 0; i < alone.size(); i++) {
        assertSame(alone.get(i), grouped.get(i));
      }
    }
  }

  private static void assertSame(ParameterAverage expected, ParameterAverage actual) {
    assertArrayEquals(bits(expected.shadow()), bits(actual.shadow()), actual.toString());
    assertEquals(expected.stepCount(), actual.stepCount());
    assertEquals(expected.updateCount(), actual.updateCount());
    assertEquals(expected.skippedUpdates(), actual.skippedUpdates());
    assertEquals(expected.decay(), actual.decay());
    assertEquals(expected.initialShare(), actual.initialShare());
  }

  @Test
  void oneThatThrowsOnNonFiniteParametersStaysAsItIsAndTheOthersDoAsTheyWould() {
    AveragingConfig skips = AveragingConfig.of(0.5);
    AveragingConfig throwing =
        AveragingConfig.builder().decay(0.5).onNonFinite(NonFinitePolicy.THROW).build();
    ParameterAverage first = kernel().average(throwing, floats(1, 1));
    ParameterAverage second = kernel().average(skips, floats(1, 1));
    AverageGroup group = AverageGroup.of(first, second);
    assertThrows(NonFiniteParametersException.class, () -> group.update(floats(Double.NaN, 2)));
    assertArrayEquals(bits(floats(1, 1)), bits(first.shadow()));
    assertArrayEquals(bits(floats(1, 1.5)), bits(second.shadow()));
    for (ParameterAverage average : List.of(first, second)) {
      assertEquals(1, average.stepCount());
      assertEquals(0, average.updateCount());
      assertEquals(1, average.skippedUpdates());
    }
    assertTrue(group.update(floats(2, 2)));
    assertArrayEquals(bits(floats(1.5, 1.5)), bits(first.shadow()));
  }

  @Test
  void whileOneIsSwappedNoneIsUpdated() {
    ParameterAverage first = kernel().average(AveragingConfig.of(0.5), floats(1, 2));
    ParameterAverage second = kernel().average(AveragingConfig.of(0.5), floats(1, 2));
    AverageGroup group = AverageGroup.of(first, second);
    INDArray params = floats(3, 4);
    try (Swap swap = second.swap(params)) {
      assertThrows(IllegalStateException.class, () -> group.update(params));
    }
    assertEquals(0, first.stepCount());
    assertArrayEquals(bits(floats(1, 2)), bits(first.shadow()));
    assertTrue(group.update(params));
    assertEquals(1, first.stepCount());
  }

  @Test
  void aStepAtWhichNoneIsDueUpdatesNone() {
    AveragingConfig config = AveragingConfig.builder().decay(0.5).updateEvery(2).build();
    ParameterAverage average = kernel().average(config, floats(1));
    AverageGroup group = AverageGroup.of(average);
    assertFalse(group.update(floats(Double.NaN)));
    assertEquals(0, average.skippedUpdates());
    assertTrue(group.update(floats(2)));
    assertEquals(1.75, average.shadow().getDouble(0));
  }

  @Test
  void averagesOfDifferentParametersTheSameTwiceOrNoneAreRefused() {
    ParameterAverage average = kernel().average(AveragingConfig.of(0.5), floats(1, 2));
    ParameterAverage longer = kernel().average(AveragingConfig.of(0.5), floats(1, 2, 3));
    ParameterAverage ofDoubles = kernel().average(AveragingConfig.of(0.5), Vectors.doubles(1, 2));
    List<ParameterAverage[]> bad = new ArrayList<>();
    bad.add(new ParameterAverage[] {});
    bad.add(new ParameterAverage[] {average, longer});
    bad.add(new ParameterAverage[] {average, ofDoubles});
    bad.add(new ParameterAverage[] {average, average});
    for (ParameterAverage[] averages : bad) {
      assertThrows(IllegalArgumentException.class, () -> AverageGroup.of(averages));
    }
  }
}
