// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.record;

import java.math.BigDecimal;
import java.math.MathContext;

/** How decays are shown to people. Files for programs keep every digit. */
public final class Decay {
  private static final MathContext DIGITS = new MathContext(4);

  /** Below it, plain digits would be mostly zeros. */
  private static final double SMALL = 1e-4;

  private Decay() {}

  /**
   * A decay in four significant digits, of its distance from 1 where that is less than a half.
   *
   * @param decay in [0, 1]
   * @return such as 0.03775, 0.99, 0.9998765 or 3.889e-6
   */
  public static String text(double decay) {
    if (decay > 0.5) {
      BigDecimal weight = new BigDecimal(1 - decay).round(DIGITS);
      return BigDecimal.ONE.subtract(weight).stripTrailingZeros().toPlainString();
    }
    BigDecimal rounded = new BigDecimal(decay).round(DIGITS).stripTrailingZeros();
    return decay == 0 || decay >= SMALL
        ? rounded.toPlainString()
        : rounded.unscaledValue().toString().replaceFirst("^(\\d)(\\d+)", "$1.$2")
            + "e"
            + (rounded.precision() - rounded.scale() - 1);
  }
}
