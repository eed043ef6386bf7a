// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.kernel;

import static io.github.ema4j.core.kernel.Scratch.START;

import java.nio.ShortBuffer;
import org.bytedeco.javacpp.ShortPointer;
import org.bytedeco.javacpp.indexer.HalfIndexer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Memory of a HALF or BFLOAT16 array: parameters only, never a shadow. */
final class HalfVector extends HostVector {

  /** Every 16-bit float as a float; a look-up is several times faster than the arithmetic. */
  private static final class HalfTable {
    static final float[] VALUES = new float[1 << 16];

    static {
      for (int bits = 0; bits < VALUES.length; bits++) {
        VALUES[bits] = HalfIndexer.toFloat(bits);
      }
    }
  }

  private final ShortBuffer[] windows;
  private final boolean brain;

  HalfVector(INDArray array) {
    super(array);
    brain = array.dataType() == DataType.BFLOAT16;
    windows = new ShortBuffer[windows(array)];
    for (int i = 0; i < windows.length; i++) {
      windows[i] = window(array, ShortPointer.class, i).asBuffer();
    }
  }

  @Override
  void read(long from, int count, float[] to) {
    short[] bits = Scratch.ofThread().shorts;
    windows[windowOf(from)].get(inWindow(from), bits, START, count);
    int end = START + count;
    if (brain) {
      for (int i = START; i < end; i++) {
        to[i] = Float.intBitsToFloat(bits[i] << 16);
      }
    } else {
      float[] table = HalfTable.VALUES;
      for (int i = START; i < end; i++) {
        to[i] = table[bits[i] & 0xFFFF];
      }
    }
  }

  @Override
  void read(long from, int count, double[] to) {
    float[] floats = Scratch.ofThread().floats;
    read(from, count, floats);
    for (int i = START; i < START + count; i++) {
      to[i] = floats[i];
    }
  }

  @Override
  void lerp(HostVector params, long from, long to, double decay) {
    throw new IllegalArgumentException(
        "A shadow must be FLOAT or DOUBLE: in 16 bits its small updates round to nothing");
  }

  @Override
  void copy(HostVector other, long from, long to) {
    if (other instanceof HalfVector half && half.brain == brain) {
      ShortBuffer source = half.windows[windowOf(from)];
      windows[windowOf(from)].put(inWindow(from), source, inWindow(from), (int) (to - from));
      return;
    }
    ShortBuffer window = windows[windowOf(from)];
    float[] block = Scratch.ofThread().floats;
    short[] bits = Scratch.ofThread().shorts;
    for (long at = from; at < to; at += BLOCK) {
      int count = (int) Math.min(BLOCK, to - at);
      other.read(at, count, block);
      for (int i = START; i < START + count; i++) {
        bits[i] = brain ? toBrain(block[i]) : toHalf(block[i]);
      }
      window.put(inWindow(at), bits, START, count);
    }
  }

  /**
   * Rounds to nearest, ties to even, as ND4J does; {@code HalfIndexer.fromFloat} rounds ties up.
   */
  private static short toHalf(float value) {
    int sign = (Float.floatToRawIntBits(value) >>> 16) & 0x8000;
    float magnitude = Math.abs(value);
    if (Float.isNaN(value)) {
      return (short) (sign | 0x7FFF);
    }
    if (magnitude < 0x1p-14f) { // subnormal: the floats from 0.5 to 1 are as far apart
      return (short)
          (sign | (Float.floatToRawIntBits(magnitude + 0.5f) - Float.floatToRawIntBits(0.5f)));
    }
    int bits = Float.floatToRawIntBits(magnitude);
    int rounded = bits + 0xFFF + ((bits >>> 13) & 1) - (112 << 23);
    return (short) (sign | Math.min(rounded >>> 13, 0x7C00));
  }

  /** Rounds to nearest, ties to even; NaN stays NaN. */
  private static short toBrain(float value) {
    int bits = Float.floatToIntBits(value);
    if (Float.isNaN(value)) {
      return (short) (bits >>> 16);
    }
    return (short) ((bits + 0x7FFF + ((bits >>> 16) & 1)) >>> 16);
  }

  @Override
  void swap(HostVector other, long from, long to) {
    ShortBuffer a = windows[windowOf(from)];
    ShortBuffer b = ((HalfVector) other).windows[windowOf(from)];
    short[] block = Scratch.ofThread().shorts;
    for (long at = from; at < to; at += BLOCK) {
      int index = inWindow(at);
      int count = (int) Math.min(BLOCK, to - at);
      a.get(index, block, START, count);
      a.put(index, b, index, count);
      b.put(index, block, START, count);
    }
  }
}
