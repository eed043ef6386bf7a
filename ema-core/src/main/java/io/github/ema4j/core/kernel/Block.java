// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.kernel;

import java.nio.FloatBuffer;

/**
 * A block of elements, staged in heap arrays: what a thread works on. Filled as FLOAT or as DOUBLE,
 * and converted when asked for as the other.
 */
final class Block {

  /**
   * Elements at most, but for {@link #LARGE}; 2 KB of floats alternate well with the prefetcher.
   */
  static final int SIZE = 512;

  /**
   * Floats of a block in an average of arrays that are in the cache: there the beginnings and ends
   * of the loops, which are not vectorised, cost more than what the prefetcher makes of them.
   */
  static final int LARGE = 2048;

  /**
   * Index of the first float. The elements of a heap array begin 16 bytes into the object; from
   * here they are a multiple of 64 bytes away from its start (16 + 12 * 4). JDK 17 vectorises a
   * loop over a heap array and a buffer only when both begin at the same offset within a vector, of
   * 64 bytes at most. Any value is correct.
   */
  static final int START = 12;

  /** Index of the first double (16 + 6 * 8). */
  static final int DOUBLE_START = 6;

  /** Partial sums of {@link #isFinite}; the block is that many times as long. */
  private static final int LANES = SIZE / 8;

  private static final int LARGE_LANES = LARGE / 8;

  private final float[] floats = new float[START + LARGE];
  private final double[] doubles = new double[DOUBLE_START + SIZE];
  private final float[] floatSums = new float[START + LANES];
  private final float[] largeSums = new float[START + LARGE_LANES];
  private final double[] doubleSums = new double[DOUBLE_START + LANES];

  /** Room for the bits of 16-bit floats. */
  final short[] shorts = new short[START + SIZE];

  /** See {@link #markFinite}. */
  private final boolean[] finite = new boolean[SIZE];

  // Room for what FloatVector moves, one shadow each; see roomFor.
  FloatBuffer[] shadows = new FloatBuffer[1];
  float[] weights = new float[1];

  private int step = SIZE;

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

  /** The array to put {@code count} doubles in, from {@link #DOUBLE_START} on. */
  double[] fillDoubles(int count) {
    this.count = count;
    hasFloats = false;
    hasDoubles = true;
    return doubles;
  }

  int count() {
    return count;
  }

  /** Chooses the {@link #step} for an operation on so many elements. */
  void suit(long elements) {
    step = elements <= Loop.IN_CACHE ? LARGE : SIZE;
  }

  /** Floats that an average takes at once. */
  int step() {
    return step;
  }

  /** Makes room for so many shadows. */
  void roomFor(int count) {
    if (shadows.length < count) {
      shadows = new FloatBuffer[count];
      weights = new float[count];
    }
  }

  /** The elements as floats, rounded if need be, from {@link #START} on. */
  float[] floats() {
    if (!hasFloats) {
      round(doubles, floats, count);
      hasFloats = true;
    }
    return floats;
  }

  /** The elements as doubles, from {@link #DOUBLE_START} on. */
  double[] doubles() {
    if (!hasDoubles) {
      widen(floats, doubles, count);
      hasDoubles = true;
    }
    return doubles;
  }

  private static void round(double[] from, float[] to, int count) {
    int n = Math.min(count, SIZE);
    for (int i = 0; i < n; i++) {
      to[i + START] = (float) from[i + DOUBLE_START];
    }
  }

  private static void widen(float[] from, double[] to, int count) {
    int n = Math.min(count, SIZE);
    for (int i = 0; i < n; i++) {
      to[i + DOUBLE_START] = from[i + START];
    }
  }

  /** Whether the elements are all finite in the type they came in. */
  boolean isFinite() {
    if ((count == SIZE || hasFloats && count == LARGE)
        && (hasFloats ? isFiniteFloats() : isFinite(doubles, doubleSums))) {
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
    if (count == LARGE) {
      addRows(floats, largeSums);
      return isFiniteSum(largeSums, LARGE_LANES);
    }
    return isFinite(floats, floatSums);
  }

  private boolean isFinite(int index) {
    return hasFloats
        ? Float.isFinite(floats[START + index])
        : Double.isFinite(doubles[DOUBLE_START + index]);
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
    return isFiniteSum(sums, LANES);
  }

  private static void addRows(float[] values, float[] sums) {
    for (int i = START; i < START + LARGE_LANES; i++) {
      sums[i] =
          values[i]
              + values[i + LARGE_LANES]
              + values[i + 2 * LARGE_LANES]
              + values[i + 3 * LARGE_LANES]
              + values[i + 4 * LARGE_LANES]
              + values[i + 5 * LARGE_LANES]
              + values[i + 6 * LARGE_LANES]
              + values[i + 7 * LARGE_LANES];
    }
  }

  private static boolean isFiniteSum(float[] sums, int lanes) {
    float a = 0;
    float b = 0;
    float c = 0;
    float d = 0;
    float e = 0;
    float f = 0;
    float g = 0;
    float h = 0;
    for (int i = START; i < START + lanes; i += 8) {
      a += sums[i];
      b += sums[i + 1];
      c += sums[i + 2];
      d += sums[i + 3];
      e += sums[i + 4];
      f += sums[i + 5];
      g += sums[i + 6];
      h += sums[i + 7];
    }
    return Float.isFinite(((a + b) + (c + d)) + ((e + f) + (g + h)));
  }

  private static boolean isFinite(double[] values, double[] sums) {
    for (int i = DOUBLE_START; i < DOUBLE_START + LANES; i++) {
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
    double a = 0;
    double b = 0;
    double c = 0;
    double d = 0;
    for (int i = DOUBLE_START; i < DOUBLE_START + LANES; i += 8) {
      a += sums[i] + sums[i + 4];
      b += sums[i + 1] + sums[i + 5];
      c += sums[i + 2] + sums[i + 6];
      d += sums[i + 3] + sums[i + 7];
    }
    return Double.isFinite((a + b) + (c + d));
  }
}
