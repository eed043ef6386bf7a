// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.internal.kernel;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * The chunks that one thread of a {@link Loop} has still to do: from the first on, that thread
 * takes them; from the last on, others steal them.
 *
 * <p>Assumptions:
 *
 * <ol>
 *   <li>{@link #set} is called by the caller of the loop, while no chunk of the loop before is left
 *       or being run.
 *   <li>The numbers of chunks fit into an int.
 * </ol>
 *
 * <p>Guarantees:
 *
 * <ol>
 *   <li>Each chunk is given to exactly one thread.
 *   <li>A thread that was given a chunk sees all that the caller wrote before {@link #set}.
 *   <li>No method waits for another thread: one that lost a race tries again with what is left.
 * </ol>
 */
final class Share {

  /** Instead of a chunk. */
  static final int NONE = -1;

  /**
   * Words to either side of the one in use. So nothing else is on its cache line, nor on the one
   * beside it, which some processors fetch with it: two threads take chunks at the same time.
   */
  private static final int PADDING = 16;

  // The first chunk and the one after the last, in one word.
  private final AtomicLongArray left = new AtomicLongArray(2 * PADDING + 1);

  void set(int first, int end) {
    left.set(PADDING, pack(first, end));
  }

  boolean isEmpty() {
    long now = left.get(PADDING);
    return first(now) >= end(now);
  }

  /** For the thread whose share this is. */
  int takeFirst() {
    for (long now; first(now = left.get(PADDING)) < end(now); ) {
      if (left.compareAndSet(PADDING, now, pack(first(now) + 1, end(now)))) {
        return first(now);
      }
    }
    return NONE;
  }

  /**
   * For all others, while there is nothing in their own share. That is looked at after this one: a
   * loop deals to a helper before it deals to the caller, so a thread that finds something here
   * finds what is its own, too.
   */
  int takeLast(Share own) {
    for (long now; first(now = left.get(PADDING)) < end(now) && own.isEmpty(); ) {
      if (left.compareAndSet(PADDING, now, pack(first(now), end(now) - 1))) {
        return end(now) - 1;
      }
    }
    return NONE;
  }

  private static long pack(int first, int end) {
    return (long) first << 32 | end;
  }

  private static int first(long packed) {
    return (int) (packed >>> 32);
  }

  private static int end(long packed) {
    return (int) packed;
  }
}
