// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.schedule;

record MomentumAnnealing(double momentum, double gamma) implements DecaySchedule {

  MomentumAnnealing {
    Arguments.unitInterval(momentum, "momentum");
    Arguments.positive(gamma, "gamma");
  }

  @Override
  public double decayAt(long update) {
    return 1 - Math.max(momentum, gamma / (gamma + (update - 1)));
  }

  @Override
  public String spec() {
    return "momentum-annealing(momentum=%s, gamma=%s)".formatted(momentum, gamma);
  }
}
