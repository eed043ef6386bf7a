// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.schedule;

record LinearRamp(double start, double decay, long updates) implements DecaySchedule {

  LinearRamp {
    Arguments.unitInterval(start, "startDecay");
    Arguments.unitInterval(decay, "decay");
    Arguments.atLeast(updates, 1, "updates");
  }

  @Override
  public double decayAt(long update) {
    if (update >= updates) {
      return decay;
    }
    return start + (decay - start) * (update - 1) / (updates - 1);
  }

  @Override
  public String spec() {
    return "linear-ramp(start=%s, decay=%s, updates=%s)".formatted(start, decay, updates);
  }
}
