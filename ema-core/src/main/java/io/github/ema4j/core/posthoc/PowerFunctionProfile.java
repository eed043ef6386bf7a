// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.posthoc;

import io.github.ema4j.core.schedule.PowerFunctionExponent;

/**
 * How a power-function average weighs the parameters of a run: those after time {@code s} with
 * {@code (gamma + 1) / update * (s / update)^gamma} up to its own time and 0 after it (Karras et
 * al. 2024, arXiv 2312.02696, equations 108 and 121). The weights integrate to 1.
 *
 * <p>{@link io.github.ema4j.core.schedule.DecaySchedule#powerFunction} computes exactly this
 * average of parameters that stay constant from one update to the next.
 *
 * @param gamma exponent, at least 0; 0 is the plain mean
 * @param update the update after which the average is taken, from 1
 */
record PowerFunctionProfile(double gamma, long update) {

  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if one is out of range
   */
  public PowerFunctionProfile {
    if (!(gamma >= 0) || Double.isInfinite(gamma)) {
      throw new IllegalArgumentException("gamma must be at least 0 and finite, but was " + gamma);
    }
    if (update < 1) {
      throw new IllegalArgumentException("update must be at least 1, but was " + update);
    }
  }

  /**
   * The profile of a given width.
   *
   * @param sigmaRel its standard deviation as a share of {@code update}: above 0 and below {@link
   *     PowerFunctionExponent#WIDEST}
   * @param update the update after which the average is taken, from 1
   * @return the profile
   * @throws IllegalArgumentException if a value is out of range
   */
  static PowerFunctionProfile of(double sigmaRel, long update) {
    return new PowerFunctionProfile(PowerFunctionExponent.gamma(sigmaRel), update);
  }

  /**
   * The inner product of two profiles, the integral of their product over time: equation 151 of the
   * paper.
   *
   * @param other another profile
   * @return above 0
   */
  double dot(PowerFunctionProfile other) {
    boolean otherIsLater = update < other.update;
    PowerFunctionProfile later = otherIsLater ? other : this;
    PowerFunctionProfile earlier = otherIsLater ? this : other;
    return (gamma + 1)
        * (other.gamma + 1)
        / (gamma + other.gamma + 1)
        / later.update
        * Math.pow((double) earlier.update / later.update, later.gamma);
  }
}
