// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RunSettingsTest {

  @ParameterizedTest
  @CsvSource({"ITERATIONS, 5", "EXAMPLES, 20"})
  void decayCountsIterationsOrMinibatches(Horizon horizon, long steps) {
    assertEquals(steps, new RunSettings(4, 5, 16, 16, horizon, false).stepsOf(5));
  }
}
