// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.onednn.internal.host;

/**
 * Room for blocks of elements that the first cache holds together. Each thread has its own, which
 * all layers share: what lies in it lasts until the method that took it returns.
 */
public final class Scratch {

  /** Elements of a block. */
  public static final int BLOCK = 4096;

  private static final int BLOCKS = 8;

  private static final ThreadLocal<float[][]> FLOATS =
      ThreadLocal.withInitial(() -> new float[BLOCKS][BLOCK]);

  private static final ThreadLocal<int[][]> BITS = ThreadLocal.withInitial(() -> new int[2][BLOCK]);

  private Scratch() {}

  /**
   * The calling thread's room.
   *
   * @return eight blocks, with whatever the last user left in them
   */
  public static float[][] blocks() {
    return FLOATS.get();
  }

  /**
   * The calling thread's room for elements as bits.
   *
   * @return two blocks, with whatever the last user left in them
   */
  public static int[][] bits() {
    return BITS.get();
  }
}
