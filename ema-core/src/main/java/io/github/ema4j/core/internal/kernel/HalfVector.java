// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.internal.kernel;

import static io.github.ema4j.core.internal.kernel.Block.START;

import java.nio.ShortBuffer;
import java.util.Arrays;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.indexer.HalfIndexer;
import org.nd4j.linalg.api.buffer.DataType;

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

  HalfVector(DataType type, Pointer start, long length) {
    super(type, start, length);
    brain = type == DataType.BFLOAT16;
    windows = new ShortBuffer[windows()];
    Arrays.setAll(windows, i -> window(i).asShortBuffer());
  }

  @Override
  double get(long index) {
    short bits = windows[windowOf(index)].get(inWindow(index));
    return brain ? Float.intBitsToFloat(bits << 16) : HalfTable.VALUES[bits & 0xFFFF];
  }

  @Override
  void put(long index, double value) {
    short bits = brain ? toBrain((float) value) : toHalf((float) value);
    windows[windowOf(index)].put(inWindow(index), bits);
  }

  @Override
  void read(long from, int count, Block block) {
    short[] bits = block.shorts;
    windows[windowOf(from)].get(inWindow(from), bits, START, count);
    float[] to = block.fillFloats(count);
    int end = START + Math.min(count, Block.SIZE);
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
  void write(long from, Block block) {
    short[] bits = block.shorts;
    float[] values = block.floats();
    int end = START + Math.min(block.count(), Block.SIZE);
    for (int i = START; i < end; i++) {
      bits[i] = brain ? toBrain(values[i]) : toHalf(values[i]);
    }
    windows[windowOf(from)].put(inWindow(from), bits, START, block.count());
  }

  @Override
  void average(long from, Block block, double decay) {
    throw new IllegalArgumentException(
        "A shadow must be FLOAT or DOUBLE: in 16 bits its small updates round to nothing");
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
}
