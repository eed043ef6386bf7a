// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.schedule;

/**
 * The two ways to say how far a power-function average reaches back (Karras et al. 2024, arXiv
 * 2312.02696, appendix C).
 *
 * <p>After {@code t} updates it weighs the parameters after update {@code s} in proportion to
 * {@code s^gamma}. {@code sigmaRel} is the standard deviation of that profile as a share of {@code
 * t}: a tenth says that the average is about as wide as the last tenth of training.
 */
public final class PowerFunctionExponent {

  /** The width of the profile with exponent 0, the plain mean: 1/sqrt(12), about 0.28867513. */
  public static final double WIDEST = 1 / Math.sqrt(12);

  private PowerFunctionExponent() {}

  /**
   * The exponent of the profile of a given width: equation 126 and algorithm 2 of the paper, solved
   * here by bisection, since {@link #sigmaRel} falls in gamma.
   *
   * @param sigmaRel above 0 and below {@link #WIDEST}
   * @return gamma, above 0
   * @throws IllegalArgumentException if {@code sigmaRel} is out of range
   */
  public static double gamma(double sigmaRel) {
    if (!(sigmaRel > 0 && sigmaRel < WIDEST)) {
      throw new IllegalArgumentException(
          "sigmaRel must be above 0 and below " + WIDEST + ", but was " + sigmaRel);
    }
    double low = 0;
    double high = 1 / sigmaRel;
    while (true) {
      double middle = (low + high) / 2;
      if (middle <= low || middle >= high) {
        return middle;
      }
      if (sigmaRel(middle) > sigmaRel) {
        low = middle;
      } else {
        high = middle;
      }
    }
  }

  /**
   * The width of a profile, equation 123 of the paper: {@code sqrt((gamma + 1) / ((gamma + 2)^2
   * (gamma + 3)))}.
   *
   * @param gamma at least 0
   * @return sigmaRel, above 0 and at most {@link #WIDEST}
   */
  public static double sigmaRel(double gamma) {
    return Math.sqrt((gamma + 1) / ((gamma + 2) * (gamma + 2) * (gamma + 3)));
  }
}
