// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** The ends of the ranges, and what is said of values beyond. */
class ArgumentsTest {

  private static void refused(String said, Executable check) {
    assertEquals(said, assertThrows(IllegalArgumentException.class, check).getMessage());
  }

  @Test
  void bothEndsBelongToTheUnitInterval() {
    Arguments.unitInterval(0, "decay");
    Arguments.unitInterval(1, "decay");
    refused(
        "decay must be in [0, 1], but was -4.9E-324",
        () -> Arguments.unitInterval(-Double.MIN_VALUE, "decay"));
    refused(
        "decay must be in [0, 1], but was 1.0000000000000002",
        () -> Arguments.unitInterval(Math.nextUp(1.0), "decay"));
    refused(
        "decay must be in [0, 1], but was NaN", () -> Arguments.unitInterval(Double.NaN, "decay"));
  }

  /** 99.99 divided by 100 is 0.9998999999999999. */
  @Test
  void whatMayBeMeantPerCentIsToldAsAShareWithItsDigits() {
    refused(
        "decay must be in [0, 1], but was 99.99: for 99.99 % pass 0.9999",
        () -> Arguments.unitInterval(99.99, "decay"));
    refused("decay must be in [0, 1], but was 49.9", () -> Arguments.unitInterval(49.9, "decay"));
    refused("decay must be in [0, 1], but was 100.1", () -> Arguments.unitInterval(100.1, "decay"));
  }

  @Test
  void zeroIsNotPositiveAndTheLeastIsEnough() {
    Arguments.positive(Double.MIN_VALUE, "tau");
    refused("tau must be above 0 and finite, but was 0.0", () -> Arguments.positive(0, "tau"));
    refused(
        "tau must be above 0 and finite, but was Infinity",
        () -> Arguments.positive(Double.POSITIVE_INFINITY, "tau"));
    Arguments.atLeast(1, 1, "updates");
    refused("updates must be at least 1, but was 0", () -> Arguments.atLeast(0, 1, "updates"));
  }
}
