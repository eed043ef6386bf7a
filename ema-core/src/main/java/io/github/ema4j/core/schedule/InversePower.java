// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.schedule;

record InversePower(double decay, double gamma, double power, double min, long after)
    implements DecaySchedule {

  InversePower {
    Arguments.unitInterval(decay, "decay");
    Arguments.positive(gamma, "gamma");
    Arguments.positive(power, "power");
    if (!(min >= 0 && min <= decay)) {
      throw new IllegalArgumentException(
          "minDecay must be in [0, decay = " + decay + "], but was " + min);
    }
    Arguments.atLeast(after, 0, "updateAfterStep");
  }

  @Override
  public double decayAt(long update) {
    long step = update - after - 1;
    if (step <= 0) {
      return 0;
    }
    double warm = 1 - Math.pow(1 + step / gamma, -power);
    return Math.max(min, Math.min(decay, warm));
  }

  @Override
  public String spec() {
    return "inverse-power(decay=%s, gamma=%s, power=%s, min=%s, after=%s)"
        .formatted(decay, gamma, power, min, after);
  }
}
