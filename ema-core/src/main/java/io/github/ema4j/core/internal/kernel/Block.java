// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.internal.kernel;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.Arrays;

/**
 * A block of elements, staged in heap arrays: what a thread works on. Filled as FLOAT or as DOUBLE,
 * and converted when asked for as the other.
 */
final class Block {

  /**
   * Elements at most, but for {@link #LARGE}: 3.75 KB of floats. In smaller blocks the beginnings
   * and ends of the loops, which are not vectorised, cost more; in ones of a page and more the
   * prefetcher loses the second array while the first is read. Not a page, either, so that the
   * distance from a block to the memory it is for changes: some distances modulo 4 KB are slow. A
   * sixth of it is a multiple of 16, for {@link #LANES}.
   */
  static final int SIZE = 960;

  /** Floats of a block in an average of arrays that are in the cache, which need no prefetcher. */
  static final int LARGE = 3 * SIZE;

  /** Below this count to look at one element after the other takes no longer than a full block. */
  static final int FEW = 160;

  /** Bytes of a cache line, at least; larger ones are rare. */
  static final int CACHE_LINE = 64;

  /** Bytes that a swap moves at once. It has three streams to alternate, and no ends of loops. */
  private static final int SWAPPED = 96 * CACHE_LINE;

  /**
   * Index of the first float. The elements of a heap array begin 16 bytes into the object; from
   * here they are a multiple of 64 bytes away from its start (16 + 12 * 4). JDK 17 vectorises a
   * loop over a heap array and a buffer only when both begin at the same offset within a vector, of
   * 64 bytes at most. Any value is correct.
   */
  static final int START = 12;

  /** Index of the first double (16 + 6 * 8). */
  static final int DOUBLE_START = 6;

  /** Ints of two cache lines: some processors fetch the one beside with the one asked for. */
  private static final int PADDING = 2 * CACHE_LINE / Integer.BYTES;

  // Bits of the content.
  private static final int FLOATS = 1 << 30;
  private static final int DOUBLES = 1 << 29;
  private static final int MODERATE_FLOATS = 1 << 28;
  private static final int MODERATE_DOUBLES = 1 << 27;
  private static final int COUNT = MODERATE_DOUBLES - 1;

  /**
   * Times this, values become infinite from half a unit in the last place of the largest one on.
   * The difference of smaller, moderate ones to any finite value is finite.
   */
  static final float FLOAT_MODERATION = 0x1p25f;

  static final double DOUBLE_MODERATION = 0x1p54;

  /**
   * Partial sums of {@link #hasModerateFloats}, of six elements each: 160, since JDK 17 uses
   * vectors of 16 floats only for loops that it has seen run that often, or more.
   */
  private static final int LANES = SIZE / 6;

  private static final int LARGE_LANES = LARGE / 6;

  private static final float[] FLOAT_ZEROS = new float[START + LARGE_LANES];
  private static final double[] DOUBLE_ZEROS = new double[DOUBLE_START + LANES];

  private final float[] floats = new float[START + LARGE];
  private final double[] doubles = new double[DOUBLE_START + SIZE];
  private final float[] floatSums = new float[START + LARGE_LANES];
  private final double[] doubleSums = new double[DOUBLE_START + LANES];

  /** Room for the bits of 16-bit floats. */
  final short[] shorts = new short[START + SIZE];

  // Off the heap, where it stays on cache lines: a heap array lies at any multiple of 8 bytes.
  private final ByteBuffer bytes =
      ByteBuffer.allocateDirect(SWAPPED + CACHE_LINE - 1)
          .alignedSlice(CACHE_LINE)
          .slice(0, SWAPPED);

  /** See {@link #markFinite}. */
  private final boolean[] finite = new boolean[SIZE];

  // Room for what FloatVector moves, one shadow each; see roomFor.
  FloatBuffer[] shadows = new FloatBuffer[1];
  float[] weights = new float[1];

  // What the block holds: the count, and whether as floats, as doubles or both. In the middle of an
  // array of its own, since it is written for every block: another thread that reads an object on
  // the same cache line would wait for it each time.
  private final int[] content = new int[2 * PADDING + 1];

  /** The array to put {@code count} floats, {@link #LARGE} at most, in, from {@link #START} on. */
  float[] fillFloats(int count) {
    content[PADDING] = count | FLOATS;
    return floats;
  }

  /** The same array for one who keeps the count. */
  float[] floatRoom() {
    return floats;
  }

  /** The array to put {@code count} doubles in, from {@link #DOUBLE_START} on. */
  double[] fillDoubles(int count) {
    content[PADDING] = count | DOUBLES;
    return doubles;
  }

  int count() {
    return content[PADDING] & COUNT;
  }

  private boolean has(int type) {
    return (content[PADDING] & type) != 0;
  }

  /** Room for bytes, whatever they mean. */
  ByteBuffer bytes() {
    return bytes;
  }

  /** Makes room for so many shadows. */
  void roomFor(int count) {
    if (shadows.length < count) {
      shadows = new FloatBuffer[count];
      weights = new float[count];
    }
  }

  /** Writes only what is not so already, for the same reason as with {@link #content}. */
  @SuppressWarnings("ReferenceEquality") // that very object is meant
  void setTarget(int index, FloatBuffer shadow, float weight) {
    if (shadows[index] != shadow) {
      shadows[index] = shadow;
    }
    if (weights[index] != weight) {
      weights[index] = weight;
    }
  }

  /** The elements as floats, rounded if need be, from {@link #START} on. */
  float[] floats() {
    if (!has(FLOATS)) {
      round(doubles, floats, count());
      content[PADDING] |= FLOATS;
    }
    return floats;
  }

  /** The elements as doubles, from {@link #DOUBLE_START} on. */
  double[] doubles() {
    if (!has(DOUBLES)) {
      widen(floats, doubles, count());
      content[PADDING] |= DOUBLES;
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

  /** Whether the elements, {@link #SIZE} at most, are all finite in the type they came in. */
  boolean isFinite() {
    int count = count();
    if (count >= FEW) {
      if (has(FLOATS) ? hasModerateFloats(count) : hasModerateDoubles(count)) {
        content[PADDING] |= has(FLOATS) ? MODERATE_FLOATS | MODERATE_DOUBLES : MODERATE_DOUBLES;
        return true;
      }
    }
    for (int i = 0; i < count; i++) {
      if (!isFinite(i)) {
        return false;
      }
    }
    return true;
  }

  /**
   * Whether the last {@link #isFinite} has found a full block's elements so moderate that their
   * difference to any finite float is finite.
   */
  boolean isFullOfModerateFloats() {
    return count() == SIZE && has(MODERATE_FLOATS);
  }

  /** The same for doubles. */
  boolean isFullOfModerateDoubles() {
    return count() == SIZE && has(MODERATE_DOUBLES);
  }

  private boolean isFinite(int index) {
    return has(FLOATS)
        ? Float.isFinite(floats[START + index])
        : Double.isFinite(doubles[DOUBLE_START + index]);
  }

  /** Notes, for {@link #wasFinite}, which elements are finite. */
  void markFinite() {
    int count = count();
    for (int i = 0; i < count; i++) {
      finite[i] = isFinite(i);
    }
  }

  /** Whether an element was finite at the last {@link #markFinite}. */
  boolean wasFinite(int index) {
    return finite[index];
  }

  // A sum of magnitudes of which one is not moderate becomes infinite or NaN, and times 0 it is
  // NaN.
  // A sum of moderate ones may do so, too, and then a closer look is needed. In this shape, and
  // added up from left to right, the loop is vectorised; the comparison is an intrinsic of the JVM.

  /**
   * Whether {@code count} floats are finite and moderate, of the {@link #floatRoom}; may be
   * mistaken when it says that they are not.
   */
  boolean hasModerateFloats(int count) {
    int size = count <= SIZE ? SIZE : LARGE;
    int lanes = size / 6;
    Arrays.fill(floats, START + count, START + size, 0f);
    if (size == LARGE) {
      addLargeLanes(floats, floatSums);
    } else {
      addLanes(floats, floatSums);
    }
    return Arrays.equals(floatSums, START, START + lanes, FLOAT_ZEROS, START, START + lanes);
  }

  /** Whether doubles are, in the same way. */
  private boolean hasModerateDoubles(int count) {
    Arrays.fill(doubles, DOUBLE_START + count, DOUBLE_START + SIZE, 0.0);
    addLanes(doubles, doubleSums);
    return Arrays.equals(
        doubleSums,
        DOUBLE_START,
        DOUBLE_START + LANES,
        DOUBLE_ZEROS,
        DOUBLE_START,
        DOUBLE_START + LANES);
  }

  // One method per length: the loops are vectorised with constant distances only.

  private static void addLanes(float[] values, float[] sums) {
    for (int i = START; i < START + LANES; i++) {
      sums[i] =
          (Math.abs(values[i])
                  + Math.abs(values[i + LANES])
                  + Math.abs(values[i + 2 * LANES])
                  + Math.abs(values[i + 3 * LANES])
                  + Math.abs(values[i + 4 * LANES])
                  + Math.abs(values[i + 5 * LANES]))
              * FLOAT_MODERATION
              * 0f;
    }
  }

  private static void addLargeLanes(float[] values, float[] sums) {
    for (int i = START; i < START + LARGE_LANES; i++) {
      sums[i] =
          (Math.abs(values[i])
                  + Math.abs(values[i + LARGE_LANES])
                  + Math.abs(values[i + 2 * LARGE_LANES])
                  + Math.abs(values[i + 3 * LARGE_LANES])
                  + Math.abs(values[i + 4 * LARGE_LANES])
                  + Math.abs(values[i + 5 * LARGE_LANES]))
              * FLOAT_MODERATION
              * 0f;
    }
  }

  private static void addLanes(double[] values, double[] sums) {
    for (int i = DOUBLE_START; i < DOUBLE_START + LANES; i++) {
      sums[i] =
          (Math.abs(values[i])
                  + Math.abs(values[i + LANES])
                  + Math.abs(values[i + 2 * LANES])
                  + Math.abs(values[i + 3 * LANES])
                  + Math.abs(values[i + 4 * LANES])
                  + Math.abs(values[i + 5 * LANES]))
              * DOUBLE_MODERATION
              * 0.0;
    }
  }
}
