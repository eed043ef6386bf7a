// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.kernel;

/** A thread's staging arrays, each for one block of a {@link HostVector}. */
final class Scratch {

  /**
   * Index of the first staged element. The elements of a heap array begin 16 bytes into the object;
   * from here they are a multiple of 64 bytes away from its start, for floats (16 + 12 * 4) and
   * doubles (16 + 6 * 8, so 12 are a multiple of 16) alike. JDK 17 vectorises a loop over a heap
   * array and a buffer only when both begin at the same offset within a vector. Any value is
   * correct.
   */
  static final int START = 12;

  private static final ThreadLocal<Scratch> CURRENT = ThreadLocal.withInitial(Scratch::new);

  final float[] floats = new float[HostVector.BLOCK + START];
  final float[] moreFloats = new float[HostVector.BLOCK + START];
  final double[] doubles = new double[HostVector.BLOCK + START];
  final double[] moreDoubles = new double[HostVector.BLOCK + START];
  final short[] shorts = new short[HostVector.BLOCK + START];

  private Scratch() {}

  static Scratch ofThread() {
    return CURRENT.get();
  }
}
