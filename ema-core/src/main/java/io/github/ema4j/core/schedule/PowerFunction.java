// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.schedule;

record PowerFunction(double sigmaRel, double gamma) implements DecaySchedule {

  /** Width of the profile with gamma 0: 1/sqrt(12). */
  private static final double WIDEST = 1 / Math.sqrt(12);

  PowerFunction(double sigmaRel) {
    this(sigmaRel, gammaOf(sigmaRel));
  }

  /** The exponent whose profile has this width; {@link #width} falls in gamma, so bisection. */
  private static double gammaOf(double sigmaRel) {
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
      if (width(middle) > sigmaRel) {
        low = middle;
      } else {
        high = middle;
      }
    }
  }

  /** EDM2, equation 126: {@code sigmaRel = sqrt((g + 1) / ((g + 2)^2 (g + 3)))}. */
  private static double width(double gamma) {
    return Math.sqrt((gamma + 1) / ((gamma + 2) * (gamma + 2) * (gamma + 3)));
  }

  @Override
  public double decayAt(long update) {
    return decayOver(update, update);
  }

  /** The product telescopes: {@code ((first - 1) / last)^(1 + gamma)}. */
  @Override
  public double decayOver(long first, long last) {
    return Math.pow((first - 1.0) / last, 1 + gamma);
  }

  @Override
  public String spec() {
    return "power-function(sigmaRel=" + sigmaRel + ")";
  }
}
