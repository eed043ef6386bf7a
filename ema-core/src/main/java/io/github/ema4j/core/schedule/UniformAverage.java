// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.schedule;

record UniformAverage() implements DecaySchedule {

  @Override
  public double decayAt(long update) {
    return 1 - 1.0 / update;
  }

  /** The product telescopes: {@code (first - 1) / last}. */
  @Override
  public double decayOver(long first, long last) {
    return (first - 1.0) / last;
  }

  @Override
  public String spec() {
    return "uniform()";
  }
}
