// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.kernel;

/**
 * A block of elements, staged in heap arrays: what a thread works on. Filled as FLOAT or as DOUBLE,
 * and converted when asked for as the other.
 */
final class Block {

  /** Elements at most; 2 KB of floats alternate well with the memory's prefetcher. */
  static final int SIZE = 512;

  /**
   * Index of the first element. The elements of a heap array begin 16 bytes into the object; from
   * here they are a multiple of 64 bytes away from its start, for floats (16 + 12 * 4) and doubles
   * (16 + 6 * 8, so 12 are a multiple of 16) alike. JDK 17 vectorises a loop over a heap array and
   * a buffer only when both begin at the same offset within a vector. Any value is correct.
   */
  static final int START = 12;

  /** Partial sums of {@link #isFinite}; the block is that many times as long. */
  private static final int LANES = SIZE / 8;

  private final float[] floats = new float[START + SIZE];
  private final double[] doubles = new double[START + SIZE];
  private final float[] floatSums = new float[START + LANES];
  private final double[] doubleSums = new double[START + LANES];

  /** Room for the bits of 16-bit floats. */
  final short[] shorts = new short[START + SIZE];

  /** See {@link #markFinite}. */
  private final boolean[] finite = new boolean[SIZE];

  private int count;
  private boolean hasFloats;
  private boolean hasDoubles;

  /** The array to put {@code count} floats in, from {@link #START} on. */
  float[] fillFloats(int count) {
    this.count = count;
    hasFloats = true;
    hasDoubles = false;
    return floats;
  }

  /** The array to put {@code count} doubles in, from {@link #START} on. */
  double[] fillDoubles(int count) {
    this.count = count;
    hasFloats = false;
    hasDoubles = true;
    return doubles;
  }

  int count() {
    return count;
  }

  /** The elements as floats, rounded if need be, from {@link #START} on. */
  float[] floats() {
    if (!hasFloats) {
      for (int i = START; i < START + count; i++) {
        floats[i] = (float) doubles[i];
      }
      hasFloats = true;
    }
    return floats;
  }

  /** The elements as doubles, from {@link #START} on. */
  double[] doubles() {
    if (!hasDoubles) {
      for (int i = START; i < START + count; i++) {
        doubles[i] = floats[i];
      }
      hasDoubles = true;
    }
    return doubles;
  }

  /** Whether the elements are all finite in the type they came in. */
  boolean isFinite() {
    if (count == SIZE && (hasFloats ? isFiniteFloats() : isFinite(doubles, doubleSums))) {
      return true;
    }
    for (int i = 0; i < count; i++) {
      if (!isFinite(i)) {
        return false;
      }
    }
    return true;
  }

  /** Whether a full block of floats is finite; may be mistaken when it says that it is not. */
  boolean isFiniteFloats() {
    return isFinite(floats, floatSums);
  }

  private boolean isFinite(int index) {
    return hasFloats
        ? Float.isFinite(floats[START + index])
        : Double.isFinite(doubles[START + index]);
  }

  /** Notes, for {@link #wasFinite}, which elements are finite. */
  void markFinite() {
    for (int i = 0; i < count; i++) {
      finite[i] = isFinite(i);
    }
  }

  /** Whether an element was finite at the last {@link #markFinite}. */
  boolean wasFinite(int index) {
    return finite[index];
  }

  // A sum with anything that is not finite is not finite. One of finite values may be too large,
  // and then a closer look shows it. In lanes, because only those are vectorised.

  private static boolean isFinite(float[] values, float[] sums) {
    for (int i = START; i < START + LANES; i++) {
      sums[i] =
          values[i]
              + values[i + LANES]
              + values[i + 2 * LANES]
              + values[i + 3 * LANES]
              + values[i + 4 * LANES]
              + values[i + 5 * LANES]
              + values[i + 6 * LANES]
              + values[i + 7 * LANES];
    }
    float even = 0;
    float odd = 0;
    for (int i = START; i < START + LANES; i += 2) {
      even += sums[i];
      odd += sums[i + 1];
    }
    return Float.isFinite(even + odd);
  }

  private static boolean isFinite(double[] values, double[] sums) {
    for (int i = START; i < START + LANES; i++) {
      sums[i] =
          values[i]
              + values[i + LANES]
              + values[i + 2 * LANES]
              + values[i + 3 * LANES]
              + values[i + 4 * LANES]
              + values[i + 5 * LANES]
              + values[i + 6 * LANES]
              + values[i + 7 * LANES];
    }
    double even = 0;
    double odd = 0;
    for (int i = START; i < START + LANES; i += 2) {
      even += sums[i];
      odd += sums[i + 1];
    }
    return Double.isFinite(even + odd);
  }
}
