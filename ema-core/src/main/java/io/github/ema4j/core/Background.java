// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Runs one task at a time on another thread, or at once on this one. Used by one thread at a time;
 * tasks see what it did before, and it sees what they did once it has waited.
 */
final class Background {

  private final Executor executor; // null: this thread
  private CompletableFuture<Void> task = CompletableFuture.completedFuture(null);

  Background(Executor executor) {
    this.executor = executor;
  }

  /** Tasks run, and throw, where they are given. */
  static Background none() {
    return new Background(null);
  }

  /** A daemon thread, which ends when it was idle for a while and comes back when needed. */
  static Background daemon(String name) {
    ThreadPoolExecutor executor =
        new ThreadPoolExecutor(
            1,
            1,
            10,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            task -> {
              Thread thread = new Thread(task, name);
              thread.setDaemon(true);
              return thread;
            });
    executor.allowCoreThreadTimeOut(true);
    return new Background(executor);
  }

  /** Starts a task; call {@link #await} before. */
  void run(Runnable next) {
    if (executor == null) {
      next.run();
    } else {
      task = CompletableFuture.runAsync(next, executor);
    }
  }

  /**
   * Waits for the last task, also if this thread is interrupted.
   *
   * @throws IllegalStateException if it failed, and again at every call
   */
  void await() {
    try {
      task.join();
    } catch (CompletionException e) {
      throw new IllegalStateException(
          "An update of the shadow in the background failed; the average is not valid any more",
          e.getCause());
    }
  }
}
