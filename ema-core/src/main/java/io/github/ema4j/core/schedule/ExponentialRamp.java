// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.schedule;

record ExponentialRamp(double decay, double tau) implements DecaySchedule {

  ExponentialRamp {
    Arguments.unitInterval(decay, "decay");
    Arguments.positive(tau, "tau");
  }

  @Override
  public double decayAt(long update) {
    return decay * -Math.expm1(-update / tau);
  }

  @Override
  public String spec() {
    return "exponential-ramp(decay=%s, tau=%s)".formatted(decay, tau);
  }
}
