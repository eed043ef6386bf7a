// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * One life of an average, from the start to a restart. Bits are tested in {@link ConformanceTest}
 * and {@link ParameterAveragePropertiesTest}, refusals in {@link ParameterAverageBadInputTest},
 * swaps in {@link SwapTest}, intervals in {@link SeveralStepsTest}, memory in {@link
 * ParameterAverageMemoryTest}.
 */
class ParameterAverageTest {

  private final INDArray params = Nd4j.createFromArray(0.0, 8.0);

  @Test
  void movesSwapsAndStartsAfresh() {
    ParameterAverage average = new ParameterAverage(AveragingConfig.of(0.75), params);
    assertEquals(AverageCounters.START, average.counters());
    params.addi(4);
    assertTrue(average.update(params));
    params.addi(4);
    assertTrue(average.update(params));

    double[] averaged = {2.75, 10.75}; // 0.75 * (0.75 * 0 + 0.25 * 4) + 0.25 * 8, and 8 more
    assertArrayEquals(averaged, average.shadow().toDoubleVector());
    assertEquals(new AverageCounters(2, 2, 2, 0, 0.75, 0.5625), average.counters());

    try (Swap swap = average.swap(params)) {
      assertTrue(average.isSwapped());
      assertArrayEquals(averaged, params.toDoubleVector());
    }
    assertFalse(average.isSwapped());
    assertArrayEquals(new double[] {8, 16}, params.toDoubleVector());

    average.set(params);
    assertArrayEquals(new double[] {8, 16}, average.shadow().toDoubleVector());
    assertEquals(AverageCounters.START, average.counters());
  }

  @Test
  void goesOnFromWhatItSaysOfItself() {
    ParameterAverage whole = new ParameterAverage(AveragingConfig.of(0.75), params);
    params.addi(4);
    whole.update(params);
    ParameterAverage resumed =
        ParameterAverage.resume(
            whole.config(),
            whole.counters(),
            whole.shadow(),
            whole.variances(),
            params,
            whole.coverage());
    params.addi(4);
    whole.update(params);
    resumed.update(params);
    assertArrayEquals(whole.shadow().toDoubleVector(), resumed.shadow().toDoubleVector());
    assertEquals(whole.counters(), resumed.counters());
  }
}
