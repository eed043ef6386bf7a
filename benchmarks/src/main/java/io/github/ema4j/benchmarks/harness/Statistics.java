// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.benchmarks.harness;

import java.util.Arrays;

/**
 * Median, spread and least value of a sample.
 *
 * @param best the smallest value
 * @param median the middle
 * @param q1 a quarter of the sample is below
 * @param q3 a quarter of the sample is above
 * @param low with {@code high} an interval that holds the true median with 95 % confidence whatever
 *     the distribution (order statistics); the whole range for fewer than six values
 * @param high see {@code low}
 */
public record Statistics(
    double best, double median, double q1, double q3, double low, double high) {

  /**
   * Of some values.
   *
   * @param values at least one
   * @return their statistics
   */
  public static Statistics of(double... values) {
    if (values.length == 0) {
      throw new IllegalArgumentException("There are no values");
    }
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int n = sorted.length;
    int rank = Math.max(0, (int) Math.floor((n - 1.96 * Math.sqrt(n)) / 2 - 0.5));
    return new Statistics(
        sorted[0],
        quantile(sorted, 0.5),
        quantile(sorted, 0.25),
        quantile(sorted, 0.75),
        sorted[rank],
        sorted[n - 1 - rank]);
  }

  private static double quantile(double[] sorted, double share) {
    double at = share * (sorted.length - 1);
    int below = (int) at;
    int above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
  }
}
