// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.internal.kernel;

import java.util.Arrays;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinTask;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs a body over all {@link Chunks}, on the calling thread and, for long loops, on helpers of the
 * common pool. Each thread has a {@link Share} of the chunks, the same in every loop, so that its
 * processor's cache still holds what it worked on last time. A thread that has emptied its share
 * steals from the end of the others'. A helper polls for a moment before it sleeps, since loops
 * often come close after one another.
 *
 * <p>Assumptions:
 *
 * <ol>
 *   <li>One thread at a time calls {@link #all}, and the body does not call it.
 *   <li>The body writes to no element outside the chunk that it is given, so that chunks may run in
 *       any order and at the same time.
 * </ol>
 *
 * <p>Guarantees:
 *
 * <ol>
 *   <li>When {@link #all} returns or throws, every chunk has been run exactly once, and the caller
 *       sees what the bodies wrote.
 *   <li>The caller waits for no helper that has not taken a chunk: it runs what is left itself. A
 *       busy machine costs speed only.
 *   <li>What a body throws, on whichever thread, reaches the caller.
 *   <li>A helper that comes late, after the loop it was called for, finds no chunk or helps in the
 *       next loop.
 *   <li>A loop allocates nothing, once the helpers have been made.
 * </ol>
 */
final class Loop {

  private static final Logger log = LoggerFactory.getLogger(Loop.class);

  /** Work on elements {@code from} (inclusive) to {@code to} (exclusive); false is a verdict. */
  interface Body {
    boolean run(long from, long to, Block block);
  }

  /** Below this count waking a helper that sleeps costs more than it gains. */
  static final long PARALLEL_FROM = 1 << 19;

  /** The same for a helper that is still awake from the last loop. */
  static final long PARALLEL_FROM_IF_AWAKE = 1 << 16;

  /** Nanoseconds after a loop for which its helpers count as awake. */
  private static final long AWAKE = 100_000;

  /** Polls, of some twenty nanoseconds each, before a helper that finds no work goes to sleep. */
  private static final int LINGER = 5000;

  /**
   * Two to four threads saturate the memory of common machines. The size of the common pool can be
   * set with {@code -Djava.util.concurrent.ForkJoinPool.common.parallelism}.
   */
  static final int HELPERS =
      Math.min(
          Math.min(3, Runtime.getRuntime().availableProcessors() - 1),
          ForkJoinPool.getCommonPoolParallelism());

  /** Polls, of some ten nanoseconds each, before the caller sleeps until the last chunk is done. */
  private static final int SPINS = 1000;

  private final Helper[] helpers;
  private final Share[] shares; // the caller's, then one for each helper
  private final Block block = new Block();

  // Written by the caller while nobody works, before the shares; read by all after taking a chunk.
  private Chunks ranges;
  private Body body;
  private Thread caller;

  private final AtomicInteger unfinished = new AtomicInteger();
  private volatile boolean verdict;
  private volatile Throwable failure;
  private long lastEnd = System.nanoTime() - AWAKE;

  Loop(int helpers) {
    this.helpers = new Helper[helpers];
    shares = new Share[helpers + 1];
    Arrays.setAll(shares, i -> new Share());
  }

  /** Runs the body over all chunks; true if it returned true for each. */
  boolean all(Chunks ranges, Body body) {
    this.ranges = ranges;
    this.body = body;
    caller = Thread.currentThread();
    verdict = true;
    failure = null;
    unfinished.set(ranges.chunks());
    if (isWorthHelp(ranges.count())) {
      deal(ranges.chunks(), shares.length);
      callHelpersIfPossible();
    } else {
      deal(ranges.chunks(), 1);
    }
    takeChunks(0, block);
    for (int spin = 0; unfinished.get() > 0; spin++) {
      if (spin < SPINS) {
        Thread.onSpinWait();
      } else {
        // A helper may have lost its processor in the middle of a chunk; it may have this one.
        LockSupport.park(this);
      }
    }
    lastEnd = System.nanoTime();
    if (failure != null) {
      throw new IllegalStateException("A chunk of an array operation failed", failure);
    }
    return verdict;
  }

  private boolean isWorthHelp(long count) {
    return count >= PARALLEL_FROM
        || count >= PARALLEL_FROM_IF_AWAKE && System.nanoTime() - lastEnd < AWAKE;
  }

  private void deal(int chunks, int threads) {
    // The caller's last: helpers that are awake begin with their own.
    for (int i = threads - 1; i >= 0; i--) {
      shares[i].set((int) ((long) chunks * i / threads), (int) ((long) chunks * (i + 1) / threads));
    }
  }

  private void callHelpers() {
    for (int i = 0; i < helpers.length; i++) {
      if (helpers[i] == null) {
        helpers[i] = new Helper(i + 1);
      }
      helpers[i].call();
    }
  }

  /** A helper that cannot be had costs speed only. */
  private void callHelpersIfPossible() {
    try {
      callHelpers();
    } catch (RuntimeException | Error e) { // such as an OutOfMemoryError for want of threads
      log.debug("No helper for an array operation", e);
    }
  }

  private void takeChunks(int own, Block block) {
    Thread waiting = null;
    int done = 0;
    for (int chunk; (chunk = take(own)) != Share.NONE; done++) {
      waiting = caller;
      runChunk(chunk, block);
    }
    // Once, and not after every chunk: the threads would wait for the counter's cache line. From
    // here on the next loop may have begun.
    if (done > 0 && unfinished.addAndGet(-done) == 0 && waiting != Thread.currentThread()) {
      LockSupport.unpark(waiting);
    }
  }

  /** The next chunk of one's own share, or one that another thread would have come to last. */
  private int take(int own) {
    int chunk = shares[own].takeFirst();
    for (int i = 1; chunk == Share.NONE && i < shares.length; i++) {
      chunk = shares[(own + i) % shares.length].takeLast(shares[own]);
    }
    return chunk;
  }

  private boolean isAnyLeft() {
    for (Share share : shares) {
      if (!share.isEmpty()) {
        return true;
      }
    }
    return false;
  }

  private void runChunk(int chunk, Block block) {
    try {
      for (int i = ranges.firstPiece(chunk); i < ranges.firstPiece(chunk + 1); i++) {
        if (!body.run(ranges.pieceFrom(i), ranges.pieceTo(i), block)) {
          verdict = false;
        }
      }
    } catch (Throwable t) { // must reach the caller, whichever thread it happened on
      failure = t;
    }
  }

  /**
   * Never completes, as a task of the pool, and so can be given to it again and again. One that
   * comes late finds no chunk, or helps in the next loop.
   */
  private final class Helper extends ForkJoinTask<Void> {
    private final int share;
    private final transient Block block = new Block();
    private final AtomicBoolean called = new AtomicBoolean();

    Helper(int share) {
      this.share = share;
    }

    void call() {
      if (called.compareAndSet(false, true)) {
        ForkJoinPool.commonPool().execute(this);
      }
    }

    @Override
    protected boolean exec() {
      do {
        for (int poll = 0; poll < LINGER; poll++) {
          if (isAnyLeft()) {
            takeChunks(share, block);
            poll = 0;
          }
          Thread.onSpinWait();
        }
        called.set(false);
      } while (isAnyLeft() && called.compareAndSet(false, true));
      return false;
    }

    @Override
    public Void getRawResult() {
      return null;
    }

    @Override
    protected void setRawResult(Void value) {}
  }
}
