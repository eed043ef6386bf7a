// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * What happens on Ctrl-C (SIGINT) and SIGTERM: the thread that trains stops at the end of its
 * iteration, so that no native operation is cut short, a last word is said, and the JVM ends with
 * its usual code, 130 and 143.
 *
 * <p>Nothing need be saved then: what was finished is on disk.
 */
final class Interruption implements AutoCloseable {
  /** Longer iterations are not waited for. */
  private static final long MOST_SECONDS = 3;

  private final Thread hook;
  private final CountDownLatch stopped = new CountDownLatch(1);
  private volatile boolean requested;

  /**
   * From now until closed.
   *
   * @param lastWord said when the program is interrupted
   */
  Interruption(Runnable lastWord) {
    hook =
        new Thread(
            () -> {
              requested = true;
              awaitStop();
              lastWord.run();
            },
            "interruption");
    Runtime.getRuntime().addShutdownHook(hook);
  }

  private void awaitStop() {
    try {
      stopped.await(MOST_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** To be called between iterations: never returns once the program was interrupted. */
  void check() {
    if (requested) {
      stop();
    }
  }

  private void stop() {
    stopped.countDown();
    while (true) {
      LockSupport.park(this);
    }
  }

  /** From now on the program ends as any. */
  @Override
  public void close() {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) { // it is running already
      stop();
    }
  }
}
