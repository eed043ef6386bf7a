// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;

/**
 * Notes the first executor that is lost, during a fit or between two. Spark would run its tasks
 * elsewhere, but gradient sharing does not get over it: Deeplearning4j's driver waits for it for
 * ever, and applies no updates of the others any more.
 */
final class ExecutorLoss extends SparkListener {

  private final AtomicReference<String> lost = new AtomicReference<>();
  private final AtomicReference<FitWatch> fit = new AtomicReference<>();

  @Override
  public void onExecutorRemoved(SparkListenerExecutorRemoved removed) {
    lost.compareAndSet(
        null, "executor %s (%s)".formatted(removed.executorId(), removed.reason().strip()));
    FitWatch current = fit.get();
    if (current != null) {
      current.cancelJobs();
    }
  }

  /** A fit begins. */
  void during(FitWatch watch) {
    fit.set(watch);
  }

  /** A fit ends. */
  void end() {
    fit.set(null);
  }

  /**
   * Throws if an executor was lost.
   *
   * @param cause what came of it; null if nothing did
   * @throws IllegalStateException if one was
   */
  void requireNone(Throwable cause) {
    Optional<String> first = Optional.ofNullable(lost.get());
    if (first.isPresent()) {
      throw new IllegalStateException(
          "Gradient sharing has lost %s, and Deeplearning4j's driver applies no updates any more: start the application again, from what was saved after an earlier fit. EmaTrainingMaster, which averages parameters, goes on without a lost executor"
              .formatted(first.get()),
          cause);
    }
  }
}
