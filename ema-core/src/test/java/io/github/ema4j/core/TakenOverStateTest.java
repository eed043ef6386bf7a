// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core;

import static io.github.ema4j.core.Vectors.bits;
import static io.github.ema4j.core.Vectors.random;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.ema4j.core.schedule.DecaySchedule;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** An average that was continued elsewhere is gone on with here. */
class TakenOverStateTest {

  /** Overridden to run all of it with another kernel. */
  Kernel kernel() {
    return Kernel.HOST;
  }

  private static final int LENGTH = 1000;
  private static final double[] NONE = {};
  private static final INDArray START = random(DataType.FLOAT, LENGTH, 0);

  private ParameterAverage average(boolean onHost) {
    return kernel()
        .average(
            AveragingConfig.builder()
                .schedule(DecaySchedule.numUpdates(0.99))
                .shadowOnHost(onHost)
                .build(),
            START);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void goesOnAsTheOtherWould(boolean onHost) {
    ParameterAverage elsewhere = average(false);
    ParameterAverage here = average(onHost);
    for (int step = 1; step <= 5; step++) {
      elsewhere.update(random(DataType.FLOAT, LENGTH, step));
    }
    here.set(elsewhere.counters(), elsewhere.shadow(), elsewhere.variances());
    assertEquals(elsewhere.counters(), here.counters());
    assertArrayEquals(bits(elsewhere.shadow()), bits(here.shadow()));
    INDArray next = random(DataType.FLOAT, LENGTH, 6);
    elsewhere.update(next);
    here.update(next);
    assertEquals(elsewhere.counters(), here.counters());
    assertArrayEquals(bits(elsewhere.shadow()), bits(here.shadow()));
  }

  @Test
  void whatIsNotItsStateIsRefused() {
    ParameterAverage average = average(false);
    average.update(random(DataType.FLOAT, LENGTH, 1));
    AverageCounters counters = average.counters();
    long[] before = bits(average.shadow());
    assertThrows(
        IllegalArgumentException.class,
        () -> average.set(AverageCounters.START, random(DataType.FLOAT, LENGTH + 1, 2), NONE));
    assertThrows(
        IllegalArgumentException.class,
        () -> average.set(AverageCounters.START, random(DataType.DOUBLE, LENGTH, 2), NONE));
    assertEquals(counters, average.counters());
    assertArrayEquals(before, bits(average.shadow()));
    INDArray notFinite = random(DataType.FLOAT, LENGTH, 2).putScalar(7, Float.NaN);
    assertThrows(
        NonFiniteParametersException.class,
        () -> average.set(AverageCounters.START, notFinite, NONE));
    assertEquals(counters, average.counters());
    try (Swap ignored = average.swap(random(DataType.FLOAT, LENGTH, 3))) {
      assertThrows(
          IllegalStateException.class,
          () -> average.set(counters, random(DataType.FLOAT, LENGTH, 2), NONE));
    }
  }
}
