// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core;

/**
 * How far a {@link ParameterAverage} has come: all of its state but the array. Immutable. Where
 * examples are its {@link AveragingUnit}, all steps here are examples.
 *
 * @param steps optimizer steps seen, from 0
 * @param updates updates that moved the shadow, at most {@code steps}
 * @param averagedSteps steps that these updates stand for, from {@code updates} to {@code steps}:
 *     the schedule goes on after them
 * @param skipped updates left out because the parameters were not finite, at most {@code steps}
 * @param decay decay of the last update in [0, 1]; NaN before the first
 * @param initialShare share of the initial weights still in the shadow, in [0, 1]
 * @param restores times that the averaged values were put into the parameters, at most {@code
 *     skipped}; see {@link NonFinitePolicy#RESTORE}
 * @param restoresInARow those of them since parameters were finite, at most 3
 * @param awaitedSteps steps before the epoch that averaging begins with, at most {@code steps}; 0
 *     where it does not begin with an epoch
 */
public record AverageCounters(
    long steps,
    long updates,
    long averagedSteps,
    long skipped,
    double decay,
    double initialShare,
    long restores,
    long restoresInARow,
    long awaitedSteps) {

  /** So many restores in a row show that the cause is no passing one. */
  static final int MOST_RESTORES_IN_A_ROW = 3;

  /** The counters of an average that has seen nothing yet. */
  public static final AverageCounters START = new AverageCounters(0, 0, 0, 0, Double.NaN, 1);

  /**
   * The counters of an average that was never put into the parameters, and began with no epoch.
   *
   * @param steps as above
   * @param updates as above
   * @param averagedSteps as above
   * @param skipped as above
   * @param decay as above
   * @param initialShare as above
   */
  public AverageCounters(
      long steps,
      long updates,
      long averagedSteps,
      long skipped,
      double decay,
      double initialShare) {
    this(steps, updates, averagedSteps, skipped, decay, initialShare, 0, 0, 0);
  }

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
    requireUpTo(steps, awaitedSteps, "awaitedSteps");
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
    if (restores < 0 || restores > skipped) {
      throw new IllegalArgumentException(
          "restores must be from 0 to the updates skipped, %d, but was %d"
              .formatted(skipped, restores));
    }
    if (restoresInARow < 0 || restoresInARow > Math.min(restores, MOST_RESTORES_IN_A_ROW)) {
      throw new IllegalArgumentException(
          "restoresInARow must be from 0 to %d and at most the restores, %d, but was %d"
              .formatted(MOST_RESTORES_IN_A_ROW, restores, restoresInARow));
    }
  }

  private static void requireUpTo(long steps, long count, String name) {
    if (count < 0 || count > steps) {
      throw new IllegalArgumentException(
          "%s must be from 0 to the number of steps, %d, but was %d".formatted(name, steps, count));
    }
  }
}
