// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.onednn.internal.host;

import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.Arrays;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The elements of one FLOAT array, which a CPU backend keeps in host memory: Java reads and writes
 * them in blocks, since its compiler vectorises loops over its own arrays only. Not thread-safe.
 */
public final class Floats {

  /** Java's buffers address no more bytes than fit into an int. */
  private static final long MOST = Integer.MAX_VALUE / Float.BYTES;

  /** Keeps the memory behind {@link #buffer} alive, which the buffer itself does not. */
  private final INDArray array;

  private final FloatBuffer buffer;
  private IntBuffer bits;

  private Floats(INDArray array) {
    this.array = array;
    FloatPointer all = (FloatPointer) array.data().pointer();
    buffer =
        new FloatPointer(all)
            .position(array.offset())
            .limit(array.offset() + array.length())
            .asBuffer();
  }

  /**
   * Whether the elements of an array can be reached.
   *
   * @param array any array
   * @return true for FLOAT arrays of 1 to 2²⁹ - 1 elements
   */
  public static boolean reaches(INDArray array) {
    return array.dataType() == DataType.FLOAT && reaches(array.length());
  }

  /**
   * Whether the elements of a FLOAT array can be reached.
   *
   * @param length of the array
   * @return true from 1 to 2²⁹ - 1
   */
  public static boolean reaches(long length) {
    return length >= 1 && length <= MOST;
  }

  /**
   * The elements of an array.
   *
   * @param array a dense array in C order (see {@link #dense}) or a vector
   * @return its elements themselves, not a copy
   * @throws IllegalArgumentException if they cannot be reached, or are not dense
   */
  public static Floats of(INDArray array) {
    if (!reaches(array)) {
      throw new IllegalArgumentException(
          "Expected a FLOAT array of 1 to "
              + MOST
              + " elements, but was "
              + array.dataType()
              + " "
              + Arrays.toString(array.shape()));
    }
    if (!isDense(array)) {
      throw new IllegalArgumentException(
          "Expected dense elements in C order, but array of shape "
              + Arrays.toString(array.shape())
              + " has strides "
              + Arrays.toString(array.stride())
              + ": call dense() first");
    }
    return new Floats(array);
  }

  /**
   * A copy of the elements.
   *
   * @param array a dense array in C order or a vector
   * @return the elements in C order
   */
  public static float[] copy(INDArray array) {
    Floats floats = of(array);
    float[] copy = new float[floats.length()];
    floats.read(0, copy, copy.length);
    return copy;
  }

  /**
   * An array of the same elements that lie in memory one after the other, in C order.
   *
   * @param array any array
   * @return the array itself if it is like that, or else a copy in the current workspace
   */
  public static INDArray dense(INDArray array) {
    return isDense(array) ? array : array.dup('c');
  }

  /** Whatever order ND4J calls it: a row or a column is dense in either. */
  private static boolean isDense(INDArray array) {
    long step = 1;
    for (int dimension = array.rank() - 1; dimension >= 0; dimension--) {
      long size = array.size(dimension);
      if (size != 1 && array.stride(dimension) != step) {
        return false;
      }
      step *= size;
    }
    return true;
  }

  /**
   * The number of elements.
   *
   * @return at least 1
   */
  public int length() {
    return (int) array.length();
  }

  /**
   * Reads some elements.
   *
   * @param from index of the first one
   * @param to takes them, from its beginning
   * @param count how many
   */
  public void read(int from, float[] to, int count) {
    buffer.get(from, to, 0, count);
  }

  /**
   * Reads some elements.
   *
   * @param from index of the first one
   * @param to takes them
   * @param at where in it the first one goes
   * @param count how many
   */
  public void read(int from, float[] to, int at, int count) {
    buffer.get(from, to, at, count);
  }

  /**
   * Writes some elements.
   *
   * @param from index of the first one
   * @param values has their new values
   * @param at where in it the first one lies
   * @param count how many
   */
  public void write(int from, float[] values, int at, int count) {
    buffer.put(from, values, at, count);
  }

  /**
   * Writes some elements.
   *
   * @param from index of the first one
   * @param values their new values, from the array's beginning
   * @param count how many
   */
  public void write(int from, float[] values, int count) {
    buffer.put(from, values, 0, count);
  }

  /**
   * Reads some elements as {@link Float#floatToRawIntBits} gives them.
   *
   * @param from index of the first one
   * @param to takes them, from its beginning
   * @param count how many
   */
  public void readBits(int from, int[] to, int count) {
    bits().get(from, to, 0, count);
  }

  /**
   * Writes some elements as {@link Float#intBitsToFloat} takes them.
   *
   * @param from index of the first one
   * @param values their new values, from the array's beginning
   * @param count how many
   */
  public void writeBits(int from, int[] values, int count) {
    bits().put(from, values, 0, count);
  }

  private IntBuffer bits() {
    if (bits == null) {
      bits =
          new IntPointer(array.data().pointer())
              .position(array.offset())
              .limit(array.offset() + array.length())
              .asBuffer();
    }
    return bits;
  }
}
