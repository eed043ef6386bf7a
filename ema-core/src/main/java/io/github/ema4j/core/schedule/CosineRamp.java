// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.schedule;

record CosineRamp(double start, double end, long updates) implements DecaySchedule {

  CosineRamp {
    Arguments.unitInterval(start, "start");
    Arguments.unitInterval(end, "end");
    Arguments.atLeast(updates, 1, "updates");
  }

  @Override
  public double decayAt(long update) {
    if (update >= updates) {
      return end;
    }
    double way = (update - 1.0) / (updates - 1);
    return end - (end - start) * (Math.cos(Math.PI * way) + 1) / 2;
  }

  @Override
  public String spec() {
    return "cosine(start=%s, end=%s, updates=%s)".formatted(start, end, updates);
  }
}
