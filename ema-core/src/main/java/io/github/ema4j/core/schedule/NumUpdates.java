// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.schedule;

record NumUpdates(double decay) implements DecaySchedule {

  NumUpdates {
    Arguments.unitInterval(decay, "decay");
  }

  @Override
  public double decayAt(long update) {
    return Math.min(decay, (1.0 + update) / (10.0 + update));
  }

  @Override
  public String spec() {
    return "num-updates(decay=" + decay + ")";
  }
}
