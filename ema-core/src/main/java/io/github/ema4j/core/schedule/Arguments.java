// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.schedule;

import java.math.BigDecimal;

/** The range checks that the schedules share. */
final class Arguments {

  private Arguments() {}

  static void unitInterval(double value, String name) {
    if (!(value >= 0 && value <= 1)) {
      throw new IllegalArgumentException(
          name + " must be in [0, 1], but was " + value + inPerCent(value));
    }
  }

  private static String inPerCent(double value) {
    return value >= 50 && value <= 100
        ? ": for " + value + " % pass " + BigDecimal.valueOf(value).movePointLeft(2)
        : "";
  }

  static void positive(double value, String name) {
    if (!(value > 0) || Double.isInfinite(value)) {
      throw new IllegalArgumentException(name + " must be above 0 and finite, but was " + value);
    }
  }

  static void atLeast(long value, long least, String name) {
    if (value < least) {
      throw new IllegalArgumentException(
          name + " must be at least " + least + ", but was " + value);
    }
  }
}
