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
  private long restores;
  private long restoresInARow;
  private long awaitedSteps; // before the epoch that averaging begins with
  private boolean awaits; // whether the step being made is one of them
  private boolean skippedLast; // whether the last step that was due was skipped
  private boolean restoreDue; // whether the last step was, and parameters are to be restored

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
    restores = counters.restores();
    restoresInARow = counters.restoresInARow();
    awaitedSteps = counters.awaitedSteps();
    restoreDue = false;
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
      throw new IllegalArgumentException(
          "An update is of at least 1 %s, but was of %d"
              .formatted(config.unit().singular(), steps));
    }
    if (steps > 1 && config.updateEvery() > 1) {
      throw new IllegalStateException(
          "With updateEvery(%d) every step must be seen, but %d were given at once: leave updateEvery at 1, as the decay accounts for the steps of each update"
              .formatted(config.updateEvery(), steps));
    }
  }

  /** Refuses an update without a number of examples, where these are counted. */
  void requireCountOfSteps() {
    if (config.unit() == AveragingUnit.EXAMPLES) {
      throw new IllegalStateException(
          "This average counts examples: say of how many the step was, update(..., examples)");
    }
  }

  /** Refuses an update without a number of epochs, where averaging begins with one. */
  void requireNoEpochs() {
    if (config.startAfterEpochs() > 0) {
      throw new IllegalStateException(
          "This average begins after %d epochs: say how many are completed, update(params, steps, epochs)"
              .formatted(config.startAfterEpochs()));
    }
  }

  /**
   * The decay to apply after these steps, {@link #COPY} or {@link #NOT_DUE}.
   *
   * @param epochs completed before them
   */
  double next(long steps, long epochs) {
    awaits = epochs < config.startAfterEpochs();
    long averagable = averagable(steps);
    if (awaits || averagable <= 0) {
      return COPY;
    }
    return averagable % config.updateEvery() == 0
        ? nextDecay(interval(steps, averagable))
        : NOT_DUE;
  }

  /** All steps that may be averaged, with these. */
  private long averagable(long more) {
    return steps + more - config.startAfter() - awaitedSteps;
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
    long averagable = averagable(steps);
    pass(steps);
    restoreDue = false;
    if (!isDue(applied)) {
      return false;
    }
    skippedLast = false;
    restoresInARow = 0;
    if (awaits || averagable <= 0) {
      return false;
    }
    updates++;
    averagedSteps += interval(steps, averagable);
    decay = applied;
    initialShare *= applied;
    return true;
  }

  private void pass(long more) {
    steps += more;
    if (awaits) {
      awaitedSteps += more;
    }
  }

  /** Counts steps whose update was left out; true unless that before it was left out too. */
  boolean skip(long steps) {
    pass(steps);
    skipped++;
    boolean first = !skippedLast;
    skippedLast = true;
    restoreDue = config.onNonFinite() == NonFinitePolicy.RESTORE;
    return first;
  }

  boolean isRestoreDue() {
    return restoreDue;
  }

  /**
   * Refuses to restore parameters, where that is due but would not help.
   *
   * @throws NonFiniteParametersException if the average is none of trained parameters yet, or
   *     parameters were restored often enough
   */
  void requireRestorable() {
    if (restoresInARow == AverageCounters.MOST_RESTORES_IN_A_ROW) {
      throw new NonFiniteParametersException(
          "The parameters after %s %d are not finite, though they were restored from the average %d times in a row: the cause is no passing one. Lower the learning rate, clip gradients or look at the data; the average is good"
              .formatted(config.unit().singular(), steps, restoresInARow));
    }
    if (!isOfTrained()) {
      throw new NonFiniteParametersException(
          "The parameters after %s %d are not finite, and cannot be restored from an average that is %.0f %% initial parameters after %d updates. Use a schedule that forgets them, such as DecaySchedule.powerFunction(0.05), or startAfter where they are good ones"
              .formatted(config.unit().singular(), steps, 100 * initialShare, updates));
    }
  }

  /** Before averaging begins, the shadow is a copy of the parameters after some step. */
  private boolean isOfTrained() {
    return config.startsLater()
        ? steps > skipped
        : updates > 0 && initialShare <= DecayAdvice.TOLERABLE_INITIAL_SHARE;
  }

  void restored() {
    restores++;
    restoresInARow++;
    restoreDue = false;
  }

  AverageCounters counters() {
    return new AverageCounters(
        steps,
        updates,
        averagedSteps,
        skipped,
        decay,
        initialShare,
        restores,
        restoresInARow,
        awaitedSteps);
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

  long restores() {
    return restores;
  }

  double decay() {
    return decay;
  }

  double initialShare() {
    return initialShare;
  }
}
