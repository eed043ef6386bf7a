// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.schedule;

record Debiased(double decay) implements DecaySchedule {

  Debiased {
    if (!(decay >= 0 && decay < 1)) {
      throw new IllegalArgumentException(
          "The decay to correct must be in [0, 1), but was "
              + decay
              + (decay == 1 ? ": a corrected average without decay is uniform()" : ""));
    }
  }

  @Override
  public double decayAt(long update) {
    return decayOver(update, update);
  }

  /**
   * The product telescopes: {@code decay^(last - first + 1) * weight(first - 1) / weight(last)}.
   */
  @Override
  public double decayOver(long first, long last) {
    return first == 1
        ? 0
        : Math.pow(decay, last - first + 1.0) * (weight(first - 1) / weight(last));
  }

  /** {@code 1 - decay^updates}, which all parameters seen together have in an average from zero. */
  private double weight(long updates) {
    return -Math.expm1(updates * Math.log(decay));
  }

  @Override
  public String spec() {
    return "debiased(decay=" + decay + ")";
  }
}
