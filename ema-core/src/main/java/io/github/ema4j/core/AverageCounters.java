// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core;

/**
 * How far a {@link ParameterAverage} has come: all of its state but the array. Immutable.
 *
 * @param steps optimizer steps seen, from 0
 * @param updates updates that moved the shadow, at most {@code steps}
 * @param averagedSteps steps that these updates stand for, from {@code updates} to {@code steps}:
 *     the schedule goes on after them
 * @param skipped updates left out because the parameters were not finite, at most {@code steps}
 * @param decay decay of the last update in [0, 1]; NaN before the first
 * @param initialShare share of the initial weights still in the shadow, in [0, 1]
 */
public record AverageCounters(
    long steps, long updates, long averagedSteps, long skipped, double decay, double initialShare) {

  /** The counters of an average that has seen nothing yet. */
  public static final AverageCounters START = new AverageCounters(0, 0, 0, 0, Double.NaN, 1);

  /**
   * Checks that the counters can be those of one average.
   *
   * @throws IllegalArgumentException if a value is out of its range
   */
  public AverageCounters {
    if (steps < 0) {
      throw new IllegalArgumentException("steps must be at least 0, but was " + steps);
    }
    requireUpTo(steps, updates, "updates");
    requireUpTo(steps, averagedSteps, "averagedSteps");
    requireUpTo(steps, skipped, "skipped");
    if (updates == 0 ? averagedSteps > 0 : averagedSteps < updates) {
      throw new IllegalArgumentException(
          "averagedSteps must be 0 before the first update and at least 1 for each, but was %d after %d updates"
              .formatted(averagedSteps, updates));
    }
    if (updates == 0 ? !Double.isNaN(decay) : !(decay >= 0 && decay <= 1)) {
      throw new IllegalArgumentException(
          "decay must be in [0, 1], and NaN before the first update, but was %s after %d updates"
              .formatted(decay, updates));
    }
    if (!(initialShare >= 0 && initialShare <= 1)) {
      throw new IllegalArgumentException("initialShare must be in [0, 1], but was " + initialShare);
    }
  }

  private static void requireUpTo(long steps, long count, String name) {
    if (count < 0 || count > steps) {
      throw new IllegalArgumentException(
          "%s must be from 0 to the number of steps, %d, but was %d".formatted(name, steps, count));
    }
  }
}
