// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.schedule;

record PowerFunction(double sigmaRel, double gamma) implements DecaySchedule {

  PowerFunction(double sigmaRel) {
    this(sigmaRel, PowerFunctionExponent.gamma(sigmaRel));
  }

  /** EDM2, equation 127. */
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
