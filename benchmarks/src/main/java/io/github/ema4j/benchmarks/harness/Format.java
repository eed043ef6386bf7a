// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.benchmarks.harness;

import java.math.BigDecimal;
import java.util.Locale;

/** Numbers as the tables show them. */
public final class Format {

  private Format() {}

  /**
   * Three significant digits.
   *
   * @param value any
   * @return as 0.00123, 1.23, 123, 12300
   */
  public static String digits(double value) {
    if (value == 0 || !Double.isFinite(value)) {
      return String.format(Locale.ROOT, "%.0f", value);
    }
    int decimals = Math.max(0, 2 - (int) Math.floor(Math.log10(Math.abs(value))));
    return String.format(Locale.ROOT, "%." + decimals + "f", value);
  }

  /**
   * Milliseconds.
   *
   * @param nanos a time
   * @return three significant digits
   */
  public static String ms(double nanos) {
    return digits(nanos / 1e6);
  }

  /**
   * Quartiles of a time.
   *
   * @param nanos a sample
   * @return milliseconds
   */
  public static String quartiles(Statistics nanos) {
    return ms(nanos.q1()) + "–" + ms(nanos.q3());
  }

  /**
   * A ratio and its quartiles.
   *
   * @param ratio a sample
   * @return as 1.05 (1.01–1.10)
   */
  public static String ratio(Statistics ratio) {
    return String.format(Locale.ROOT, "%.2f (%.2f–%.2f)", ratio.median(), ratio.q1(), ratio.q3());
  }

  /**
   * A number of parameters.
   *
   * @param size from 0
   * @return in millions where it is round enough
   */
  public static String size(long size) {
    return size % 10_000 == 0 && size > 0
        ? new BigDecimal(size).movePointLeft(6).stripTrailingZeros().toPlainString() + "M"
        : Long.toString(size);
  }

  /**
   * An amount of memory.
   *
   * @param bytes an amount
   * @return in MB of 10^6 bytes; "unknown" if negative
   */
  public static String megabytes(double bytes) {
    return bytes < 0 ? "unknown" : String.format(Locale.ROOT, "%.1f", bytes / 1e6);
  }
}
