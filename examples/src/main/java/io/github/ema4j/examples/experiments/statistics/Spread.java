// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.experiments.statistics;

import java.util.Arrays;
import java.util.Locale;

/**
 * Mean and standard deviation of some values.
 *
 * @param mean arithmetic
 * @param deviation of the sample: squares are divided by one less than the number of values
 */
public record Spread(double mean, double deviation) {

  /**
   * Of the given values.
   *
   * @throws IllegalArgumentException if they are fewer than two, which have no deviation
   */
  public static Spread of(double... values) {
    if (values.length < 2) {
      throw new IllegalArgumentException(values.length + " values have no standard deviation");
    }
    double mean = Arrays.stream(values).average().orElseThrow();
    double squares = Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum();
    return new Spread(mean, Math.sqrt(squares / (values.length - 1)));
  }

  /** As {@code 79.99 ± 0.26}. */
  public String text(int decimals) {
    return format("%." + decimals + "f", decimals);
  }

  /** As {@code +7.67 ± 2.10}. */
  public String signed(int decimals) {
    return format("%+." + decimals + "f", decimals);
  }

  private String format(String meanFormat, int decimals) {
    return String.format(Locale.ROOT, meanFormat + " ± %." + decimals + "f", mean, deviation);
  }
}
