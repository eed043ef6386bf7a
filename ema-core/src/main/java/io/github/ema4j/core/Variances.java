// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core;

import java.util.Objects;

/**
 * Which elements of a parameter vector are variances, such as those of batch norm, and how they are
 * held. Immutable and thread-safe.
 *
 * <p>The average of a variance is the mean of variances, in whatever form the vector holds them: a
 * mean of logarithms would be a geometric mean, which a single small value pulls towards zero.
 *
 * @param plain elements that are a variance as it is
 * @param log10Deviations elements that are the log10 of a standard deviation; none of the plain
 *     ones
 */
public record Variances(Ranges plain, Ranges log10Deviations) {

  /** Deviations beyond ten to this power, or below ten to its negative, count as that. */
  private static final double LARGEST_LOG = 150;

  /** {@code variance = 10^(2 l) = e^(2 ln(10) l)} for a log10 of the deviation l. */
  private static final double LOG_VARIANCE_PER_LOG10_DEVIATION = 2 * Math.log(10);

  /**
   * Checks that the sets belong to one vector and do not overlap.
   *
   * @throws IllegalArgumentException if they do not
   */
  public Variances {
    Objects.requireNonNull(plain, "plain");
    Objects.requireNonNull(log10Deviations, "log10Deviations");
    if (plain.length() != log10Deviations.length()) {
      throw new IllegalArgumentException(
          "The plain variances are of a vector of %d elements, the log10 deviations of one of %d"
              .formatted(plain.length(), log10Deviations.length()));
    }
    if (plain.union(log10Deviations).count() != plain.count() + log10Deviations.count()) {
      throw new IllegalArgumentException(
          "Some elements are both a variance and a log10 of a deviation");
    }
  }

  /**
   * No element is a variance.
   *
   * @param length of the vector
   * @return two empty sets
   */
  public static Variances none(long length) {
    return new Variances(Ranges.none(length), Ranges.none(length));
  }

  /**
   * Whether no element is a variance.
   *
   * @return true if both sets are empty
   */
  public boolean isEmpty() {
    return plain.count() == 0 && log10Deviations.count() == 0;
  }

  /**
   * The variance that belongs to a log10 of a standard deviation.
   *
   * @param log10Deviation any number; beyond -150 and 150 it counts as that
   * @return {@code 10^(2 * log10Deviation)}, from 1e-300 to 1e300; NaN for NaN
   */
  public static double ofLog10Deviation(double log10Deviation) {
    double log = Math.max(-LARGEST_LOG, Math.min(LARGEST_LOG, log10Deviation));
    return Math.exp(LOG_VARIANCE_PER_LOG10_DEVIATION * log);
  }

  /**
   * The log10 of the standard deviation that belongs to a variance.
   *
   * @param variance above 0
   * @return {@code log10(sqrt(variance))}
   */
  public static double toLog10Deviation(double variance) {
    return 0.5 * Math.log10(variance);
  }
}
