// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.experiments;

import org.nd4j.linalg.schedule.ISchedule;

/**
 * A learning rate that falls in a straight line and would be 0 at the iteration after the last.
 * (DL4J 1.0.0-M2.1 has {@code PolySchedule} for this, but that one rises.)
 *
 * @param first the learning rate of iteration 0
 * @param iterations how many there are, at least 1
 */
record LinearToZero(double first, int iterations) implements ISchedule {
  LinearToZero {
    if (iterations < 1) {
      throw new IllegalArgumentException("iterations " + iterations + " is not >= 1");
    }
  }

  @Override
  public double valueAt(int iteration, int epoch) {
    return first * Math.max(0, 1 - (double) iteration / iterations);
  }

  /** Itself, as it cannot change. */
  @Override
  public ISchedule clone() {
    return this;
  }
}
