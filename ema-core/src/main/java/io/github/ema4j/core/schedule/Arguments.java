// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.schedule;

/** The range checks that the schedules share. */
final class Arguments {

  private Arguments() {}

  static void unitInterval(double value, String name) {
    if (!(value >= 0 && value <= 1)) {
      throw new IllegalArgumentException(name + " must be in [0, 1], but was " + value);
    }
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
