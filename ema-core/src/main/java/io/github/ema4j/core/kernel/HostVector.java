// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.kernel;

import java.util.Arrays;
import org.bytedeco.javacpp.Pointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The memory of one dense array, seen through windows of {@code java.nio} buffers.
 *
 * <p>It does not keep the array alive: whoever uses it does. Ranges never cross a multiple of
 * {@link Chunks#GRAIN}, and so lie in one window.
 *
 * <p>The loops have the shape that the JIT compiler vectorises on JDK 17 and later without flags:
 * the other array is staged, a block at a time, in a heap array whose first element is as aligned
 * as the buffer (see {@link Scratch}); two off-heap streams in one loop are never vectorised.
 */
abstract class HostVector {

  /** Elements per window: the index of a buffer is an int. */
  static final int WINDOW = 1 << 28;

  /** Elements staged at a time; 2 KB of floats alternate well with the memory's prefetcher. */
  static final int BLOCK = 512;

  private final long address;
  private final long length;
  private final DataType type;

  HostVector(INDArray array) {
    this.address = addressOf(array);
    this.length = array.length();
    this.type = array.dataType();
  }

  static boolean supports(DataType type) {
    return type == DataType.FLOAT
        || type == DataType.DOUBLE
        || type == DataType.HALF
        || type == DataType.BFLOAT16;
  }

  static HostVector of(INDArray array) {
    return switch (array.dataType()) {
      case FLOAT -> new FloatVector(array);
      case DOUBLE -> new DoubleVector(array);
      case HALF, BFLOAT16 -> new HalfVector(array);
      default -> throw new IllegalArgumentException("No host vector of " + array.dataType());
    };
  }

  /** Whether this is the memory of that array. */
  final boolean maps(INDArray array) {
    return addressOf(array) == address && array.length() == length && array.dataType() == type;
  }

  final long length() {
    return length;
  }

  // data().address() of a view is that of the array it is a view of.
  private static long addressOf(INDArray array) {
    return array.data().address() + array.offset() * array.dataType().width();
  }

  /** A pointer to the first element of a window. */
  final <P extends Pointer> P window(INDArray array, Class<P> pointer, int index) {
    long from = (long) index * WINDOW;
    P window = array.data().pointer().getPointer(pointer, array.offset() + from);
    return window.limit(Math.min(WINDOW, length - from));
  }

  static int windows(INDArray array) {
    return Math.toIntExact((array.length() + WINDOW - 1) / WINDOW);
  }

  static int windowOf(long index) {
    return (int) (index / WINDOW);
  }

  static int inWindow(long index) {
    return (int) (index % WINDOW);
  }

  /** Reads up to {@link #BLOCK} elements into {@code to}, from {@link Scratch#START} on. */
  abstract void read(long from, int count, float[] to);

  /** Reads up to {@link #BLOCK} elements into {@code to}, from {@link Scratch#START} on. */
  abstract void read(long from, int count, double[] to);

  /** {@code this -= (1 - decay) * (this - params)}, for a decay in (0, 1). */
  abstract void lerp(HostVector params, long from, long to, double decay);

  /** {@code this = other}, rounded to this vector's type. */
  abstract void copy(HostVector other, long from, long to);

  /** Exchanges the elements of two vectors of one type. */
  abstract void swap(HostVector other, long from, long to);

  /** Whether the elements are all finite. */
  boolean isFinite(long from, long to) {
    Scratch scratch = Scratch.ofThread();
    float[] sums = scratch.moreFloats;
    Arrays.fill(sums, 0);
    for (long at = from; at < to; at += BLOCK) {
      int count = (int) Math.min(BLOCK, to - at);
      read(at, count, scratch.floats);
      addZeroTimes(scratch.floats, sums, count);
    }
    for (float sum : sums) {
      if (sum != 0) {
        return false;
      }
    }
    return true;
  }

  /**
   * Zero times a finite number is zero; zero times NaN or infinity is NaN, and stays in the sum.
   */
  private static void addZeroTimes(float[] values, float[] sums, int count) {
    int end = Scratch.START + Math.min(count, BLOCK);
    for (int i = Scratch.START; i < end; i++) {
      sums[i] += 0f * values[i];
    }
  }
}
