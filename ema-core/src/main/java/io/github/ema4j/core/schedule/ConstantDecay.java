// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.schedule;

record ConstantDecay(double decay) implements DecaySchedule {

  ConstantDecay {
    Arguments.unitInterval(decay, "decay");
  }

  @Override
  public double decayAt(long update) {
    return decay;
  }

  @Override
  public double decayOver(long first, long last) {
    return Math.pow(decay, last - first + 1.0);
  }

  @Override
  public String spec() {
    return "constant(decay=" + decay + ")";
  }
}
