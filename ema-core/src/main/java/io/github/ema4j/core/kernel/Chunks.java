// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.kernel;

import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A loop over {@code [0, length)} in chunks that the calling thread and, for long loops, helpers of
 * the common pool take one by one. The caller never waits for a helper that has not begun: a busy
 * machine costs speed only.
 */
final class Chunks implements Runnable {

  /**
   * Work on the elements {@code from} (inclusive) to {@code to} (exclusive); false is a verdict.
   */
  interface Body {
    boolean run(long from, long to);
  }

  /** Elements per chunk. Windows of a {@link HostVector} begin at multiples of it. */
  static final int GRAIN = 1 << 16;

  /** Below this length waking a helper costs more than it gains. */
  private static final long PARALLEL_FROM = 1 << 20;

  /** Two to four threads saturate the memory of common machines. */
  private static final int HELPERS = Math.min(Runtime.getRuntime().availableProcessors(), 4) - 1;

  private final long length;
  private final long chunks;
  private final Body body;
  private final AtomicLong next = new AtomicLong();
  private final AtomicLong done = new AtomicLong();
  private final AtomicReference<Throwable> failure = new AtomicReference<>();
  private volatile boolean verdict = true;

  private Chunks(long length, Body body) {
    this.length = length;
    this.chunks = (length + GRAIN - 1) / GRAIN;
    this.body = body;
  }

  /** Runs the body over all chunks; true if it returned true for each. */
  static boolean all(long length, Body body) {
    Chunks loop = new Chunks(length, body);
    if (length >= PARALLEL_FROM) {
      for (int i = 0; i < HELPERS; i++) {
        ForkJoinPool.commonPool().execute(loop);
      }
    }
    loop.run();
    while (loop.done.get() < loop.chunks) {
      Thread.onSpinWait();
    }
    Throwable failure = loop.failure.get();
    if (failure != null) {
      throw new IllegalStateException("A chunk of an array operation failed", failure);
    }
    return loop.verdict;
  }

  @Override
  public void run() {
    for (long chunk; (chunk = next.getAndIncrement()) < chunks; ) {
      long from = chunk * GRAIN;
      try {
        if (!body.run(from, Math.min(length, from + GRAIN))) {
          verdict = false;
        }
      } catch (Throwable t) { // must reach the caller, whichever thread it happened on
        failure.compareAndSet(null, t);
      } finally {
        done.incrementAndGet();
      }
    }
  }
}
