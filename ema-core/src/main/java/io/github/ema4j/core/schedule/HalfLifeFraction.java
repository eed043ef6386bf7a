// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.schedule;

record HalfLifeFraction(double fraction) implements DecaySchedule {

  HalfLifeFraction {
    Arguments.positive(fraction, "fraction");
  }

  @Override
  public double decayAt(long update) {
    return Math.pow(2, -1 / (fraction * update));
  }

  /** The exponents add up, so that a long interval is not a product of thousands of roundings. */
  @Override
  public double decayOver(long first, long last) {
    double harmonic = 0;
    for (long update = last; update >= first; update--) { // the small ones first
      harmonic += 1.0 / update;
    }
    return Math.pow(2, -harmonic / fraction);
  }

  @Override
  public String spec() {
    return "half-life-fraction(fraction=" + fraction + ")";
  }
}
