// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.experiments.atsize;

import org.nd4j.linalg.schedule.ISchedule;

/**
 * A learning rate that falls along half a cosine (Loshchilov and Hutter 2017, without restarts) and
 * would be 0 at the iteration after the last.
 *
 * @param first the learning rate of iteration 0
 * @param iterations how many there are, at least 1
 */
record CosineToZero(double first, int iterations) implements ISchedule {
  CosineToZero {
    if (iterations < 1) {
      throw new IllegalArgumentException("iterations " + iterations + " is not >= 1");
    }
  }

  @Override
  public double valueAt(int iteration, int epoch) {
    double share = Math.min(1, (double) iteration / iterations);
    return first * (1 + Math.cos(Math.PI * share)) / 2;
  }

  /** Itself, as it cannot change. */
  @Override
  public ISchedule clone() {
    return this;
  }
}
