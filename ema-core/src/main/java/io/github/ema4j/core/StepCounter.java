// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core;

/**
 * Counts the steps and updates of one average, and says which decay the next update has: {@link
 * #next} before the shadow is moved, then {@link #count} or {@link #skip}. Not thread-safe: guarded
 * by the lock of its {@link ParameterAverage}.
 */
final class StepCounter {

  /** Instead of a decay: no update is due. A number, since an update must not allocate. */
  static final double NOT_DUE = Double.NaN;

  /** The decay of an update that copies the parameters. */
  static final double COPY = 0;

  private final AveragingConfig config;

  private long steps;
  private long updates;
  private long averagedSteps; // steps that the updates stand for: where the schedule is
  private long skipped;
  private double decay; // of the last update
  private double initialShare;
  private boolean skippedLast; // whether the last step that was due was skipped

  StepCounter(AveragingConfig config, AverageCounters counters) {
    this.config = config;
    goOnFrom(counters);
  }

  void goOnFrom(AverageCounters counters) {
    steps = counters.steps();
    updates = counters.updates();
    averagedSteps = counters.averagedSteps();
    skipped = counters.skipped();
    decay = counters.decay();
    initialShare = counters.initialShare();
  }

  void restart() {
    goOnFrom(AverageCounters.START);
    skippedLast = false;
  }

  static boolean isDue(double decay) {
    return !Double.isNaN(decay);
  }

  /**
   * Refuses a number of steps that one update cannot stand for.
   *
   * @throws IllegalArgumentException if it is below 1
   * @throws IllegalStateException if every step must be seen
   */
  void requireUpdateOf(long steps) {
    if (steps < 1) {
      throw new IllegalArgumentException("An update is of at least 1 step, but was of " + steps);
    }
    if (steps > 1 && config.updateEvery() > 1) {
      throw new IllegalStateException(
          "With updateEvery(%d) every step must be seen, but %d were given at once: leave updateEvery at 1, as the decay accounts for the steps of each update"
              .formatted(config.updateEvery(), steps));
    }
  }

  /** The decay to apply after these steps, {@link #COPY} or {@link #NOT_DUE}. */
  double next(long steps) {
    long averagable = this.steps + steps - config.startAfter();
    if (averagable <= 0) {
      return COPY;
    }
    return averagable % config.updateEvery() == 0
        ? nextDecay(interval(steps, averagable))
        : NOT_DUE;
  }

  /** How many steps an update stands for that comes after these, of all that may be averaged. */
  private long interval(long steps, long averagable) {
    return config.updateEvery() > 1 ? config.updateEvery() : Math.min(steps, averagable);
  }

  private double nextDecay(long interval) {
    double next =
        config.correctDecayForInterval()
            ? config.schedule().decayOver(averagedSteps + 1, averagedSteps + interval)
            : config.schedule().decayAt(updates + 1);
    if (!(next >= 0 && next <= 1)) {
      throw new IllegalStateException(
          "The schedule %s gave the decay %s for update %d; it must be in [0, 1]"
              .formatted(config.schedule().spec(), next, updates + 1));
    }
    return next;
  }

  /** Counts steps after which the shadow was moved as {@link #next} said; true for an update. */
  boolean count(double applied, long steps) {
    this.steps += steps;
    if (!isDue(applied)) {
      return false;
    }
    skippedLast = false;
    if (this.steps <= config.startAfter()) {
      return false;
    }
    updates++;
    averagedSteps += interval(steps, this.steps - config.startAfter());
    decay = applied;
    initialShare *= applied;
    return true;
  }

  /** Counts steps whose update was left out; true unless that before it was left out too. */
  boolean skip(long steps) {
    this.steps += steps;
    skipped++;
    boolean first = !skippedLast;
    skippedLast = true;
    return first;
  }

  AverageCounters counters() {
    return new AverageCounters(steps, updates, averagedSteps, skipped, decay, initialShare);
  }

  long steps() {
    return steps;
  }

  long updates() {
    return updates;
  }

  long skipped() {
    return skipped;
  }

  double decay() {
    return decay;
  }

  double initialShare() {
    return initialShare;
  }
}
