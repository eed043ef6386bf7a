// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.checkpoint;

import java.util.concurrent.TimeUnit;

/** When to save: after so many iterations, epochs or so much time, whichever is due. */
final class Cadence {

  private int iterations;
  private boolean iterationsSinceLast;
  private int epochs;
  private long nanos;
  private boolean timeSinceLast;

  private long lastIteration;
  private long lastSeen;
  private long lastTime;
  private long lastTimedSave;

  void everyIterations(int count, boolean sinceLast) {
    requirePositive(count, "iterations");
    iterations = count;
    iterationsSinceLast = sinceLast;
  }

  void everyEpochs(int count) {
    requirePositive(count, "epochs");
    epochs = count;
  }

  void everyTime(long amount, TimeUnit unit, boolean sinceLast) {
    requirePositive(amount, unit.name());
    nanos = unit.toNanos(amount);
    timeSinceLast = sinceLast;
  }

  private static void requirePositive(long count, String what) {
    if (count < 1) {
      throw new IllegalArgumentException(
          "The interval between checkpoints must be at least 1, but was %d %s"
              .formatted(count, what));
    }
  }

  boolean isSet() {
    return iterations > 0 || epochs > 0 || nanos > 0;
  }

  boolean isWithinEpochs() {
    return iterations > 0 || nanos > 0;
  }

  boolean hasEpochs() {
    return epochs > 0;
  }

  /** Training begins: intervals count from here. */
  void start(long iterationsDone, long now) {
    lastIteration = iterationsDone;
    lastSeen = iterationsDone;
    lastTime = now;
    lastTimedSave = now;
  }

  boolean isDueAfterIteration(long iterationsDone, long now) {
    boolean byIterations =
        iterations > 0
            && (iterationsSinceLast
                ? iterationsDone - lastIteration >= iterations
                // Not every iteration may be seen: due is also what comes next after an n-th one.
                : iterationsDone / iterations > lastSeen / iterations);
    lastSeen = iterationsDone;
    boolean byTime = nanos > 0 && now - (timeSinceLast ? lastTime : lastTimedSave) >= nanos;
    if (byTime) {
      lastTimedSave = now;
    }
    return byIterations || byTime;
  }

  boolean isDueAfterEpoch(long epochsDone) {
    return epochs > 0 && epochsDone % epochs == 0;
  }

  void saved(long iterationsDone, long now) {
    lastIteration = iterationsDone;
    lastTime = now;
  }
}
