// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.internal.kernel;

import java.io.DataInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The memory of one dense array, seen through windows of {@code java.nio} buffers.
 *
 * <p>Assumptions:
 *
 * <ol>
 *   <li>The caller keeps the array alive during every call: a vector has its address only. See
 *       {@code reachabilityFence} in {@link HostKernel}.
 *   <li>The elements of one call lie in one window: {@link Chunks} are cut so.
 *   <li>No other thread writes to the same elements meanwhile.
 * </ol>
 *
 * <p>Guarantees:
 *
 * <ol>
 *   <li>An average takes in no element that is not finite: the averaged one keeps its value, and
 *       the call returns false.
 *   <li>The result of an element depends on that element alone, not on the chunk or thread that it
 *       was in: the bits are the same with any number of threads.
 *   <li>Only the elements of the call are written to.
 * </ol>
 *
 * <p>The loops of the subclasses have the shape that the JIT compiler vectorises on JDK 17 and
 * later without flags: one buffer, changed in place, and one heap array, a {@link Block}. Two
 * off-heap streams in one loop are never vectorised.
 */
abstract class HostVector {

  /** Elements per window, of eight bytes at most: the index of a buffer is an int. */
  static final int WINDOW = 1 << 27;

  /** Bytes that are read from a stream at a time. */
  private static final int FILLED = 1 << 16;

  static {
    Slices.prepare();
  }

  private final long address;
  private final long length;
  private final DataType type;
  private final ByteBuffer[] windows;

  // Where the array says that it lies. Not the address of its first element on every backend: the
  // address that a view names begins with the array it is a view of on the CPU, and with the view
  // itself on CUDA.
  private long namedAddress;
  private long namedOffset;

  HostVector(DataType type, Pointer start, long length) {
    int width = type.width();
    address = start.address();
    this.length = length;
    this.type = type;
    windows = new ByteBuffer[Math.toIntExact((length + WINDOW - 1) / WINDOW)];
    for (int i = 0; i < windows.length; i++) {
      long from = (long) i * WINDOW;
      BytePointer window = start.getPointer(BytePointer.class, from * width);
      windows[i] =
          window
              .limit(Math.min(WINDOW, length - from) * width)
              .asByteBuffer()
              .order(ByteOrder.nativeOrder());
    }
  }

  static boolean supports(DataType type) {
    return type == DataType.FLOAT
        || type == DataType.DOUBLE
        || type == DataType.HALF
        || type == DataType.BFLOAT16;
  }

  /** The memory of an array, which must be in host memory. */
  static HostVector of(INDArray array) {
    // Unlike pointer(), the pointer to the first element of a view on every backend.
    Pointer start = array.data().addressPointer();
    HostVector vector = of(array.dataType(), start, array.length());
    vector.namedAddress = array.data().address();
    vector.namedOffset = array.offset();
    return vector;
  }

  /** {@code length} elements from a pointer on. */
  static HostVector of(DataType type, Pointer start, long length) {
    return switch (type) {
      case FLOAT -> new FloatVector(start, length);
      case DOUBLE -> new DoubleVector(start, length);
      case HALF, BFLOAT16 -> new HalfVector(type, start, length);
      default -> throw new IllegalArgumentException("No host vector of " + type);
    };
  }

  /** Whether this was made of that memory. */
  final boolean maps(INDArray array) {
    return array.data().address() == namedAddress
        && array.offset() == namedOffset
        && array.length() == length
        && array.dataType() == type;
  }

  final DataType type() {
    return type;
  }

  final long length() {
    return length;
  }

  /** The bytes of a window. */
  final ByteBuffer window(int index) {
    return windows[index];
  }

  final int windows() {
    return windows.length;
  }

  static int windowOf(long index) {
    return (int) (index / WINDOW);
  }

  static int inWindow(long index) {
    return (int) (index % WINDOW);
  }

  /** Bytes from the beginning of a cache line to an element in it. */
  final int pastCacheLine(long index) {
    return (int) (address + index * type.width()) & (Block.CACHE_LINE - 1);
  }

  /** Reads the elements of some ranges, one by one: for the few that are treated so. */
  final void read(Chunks ranges, double[] to) {
    int next = 0;
    for (int range = 0; range < ranges.size(); range++) {
      for (long at = ranges.from(range); at < ranges.to(range); at++) {
        to[next++] = get(at);
      }
    }
  }

  /** Overwrites the elements of some ranges, one by one. */
  final void write(double[] from, Chunks ranges) {
    int next = 0;
    for (int range = 0; range < ranges.size(); range++) {
      for (long at = ranges.from(range); at < ranges.to(range); at++) {
        put(at, from[next++]);
      }
    }
  }

  /** One element. */
  abstract double get(long index);

  /** Overwrites one element, rounding to this vector's type. */
  abstract void put(long index, double value);

  /** Reads elements into a block. */
  abstract void read(long from, int count, Block block);

  /** Overwrites as many elements as the block has, rounding to this vector's type. */
  abstract void write(long from, Block block);

  /** {@code this -= (1 - decay) * (this - block)}, for a decay in (0, 1). */
  abstract void average(long from, Block block, double decay);

  /**
   * Exchanges elements with another vector of this type, bit for bit. All but the first and last
   * bytes are moved in whole cache lines of this vector; arrays of ND4J begin within one, all in
   * the same place as a rule.
   */
  final void swap(HostVector other, long from, long to, Block block) {
    ByteBuffer a = windows[windowOf(from)];
    ByteBuffer b = other.windows[windowOf(from)];
    ByteBuffer saved = block.bytes();
    int width = type.width();
    int at = inWindow(from) * width;
    int end = at + (int) (to - from) * width;
    int next = at + (-pastCacheLine(from) & (Block.CACHE_LINE - 1));
    while (at < end) {
      int count = Math.min(next, end) - at;
      saved.put(0, a, at, count);
      a.put(at, b, at, count);
      b.put(at, saved, 0, count);
      at += count;
      next = at + saved.capacity();
    }
  }

  /** Takes elements of another vector of this type, bit for bit. */
  final void copyBits(HostVector from, long index, int count) {
    int width = type.width();
    int at = inWindow(index) * width;
    windows[windowOf(index)].put(at, from.windows[windowOf(index)], at, count * width);
  }

  /** Overwrites all elements with those of a stream, which come in big-endian. */
  final void fill(DataInputStream in) throws IOException {
    int width = type.width();
    ByteBuffer block = ByteBuffer.allocate(FILLED); // big-endian
    for (long at = 0; at < length; ) {
      long end = Math.min(length, (windowOf(at) + 1L) * WINDOW);
      int count = (int) Math.min(end - at, FILLED / width);
      in.readFully(block.array(), 0, count * width);
      ByteBuffer window = windows[windowOf(at)];
      switch (width) {
        case Short.BYTES ->
            window.asShortBuffer().put(inWindow(at), block.asShortBuffer(), 0, count);
        case Integer.BYTES -> window.asIntBuffer().put(inWindow(at), block.asIntBuffer(), 0, count);
        default -> window.asLongBuffer().put(inWindow(at), block.asLongBuffer(), 0, count);
      }
      at += count;
    }
  }

  /** Whether elements are finite. */
  final boolean isFinite(long from, long to, Block block) {
    boolean finite = true;
    for (long at = from; at < to; at += Block.SIZE) {
      read(at, (int) Math.min(Block.SIZE, to - at), block);
      finite &= block.isFinite();
    }
    return finite;
  }

  /**
   * Moves elements towards those of the source that are finite.
   *
   * @param decay in [0, 1); 0 copies
   * @return whether all were finite
   */
  final boolean lerp(HostVector source, long from, long to, double decay, Block block) {
    boolean finite = true;
    for (long at = from; at < to; at += Block.SIZE) {
      int count = (int) Math.min(Block.SIZE, to - at);
      source.read(at, count, block);
      if (block.isFinite()) {
        lerp(at, block, decay);
      } else {
        finite = false;
        lerpFinite(source, at, count, decay, block);
      }
    }
    return finite;
  }

  /**
   * Moves several vectors towards the finite elements of this one, which is read and checked once.
   *
   * @param decays one per target, in [0, 1]; 1 leaves a target as it is
   * @return whether all elements of this vector were finite
   */
  boolean lerpEach(
      HostVector[] targets, int count, double[] decays, long from, long to, Block block) {
    boolean finite = true;
    for (long at = from; at < to; at += Block.SIZE) {
      int elements = (int) Math.min(Block.SIZE, to - at);
      read(at, elements, block);
      if (block.isFinite()) {
        for (int i = 0; i < count; i++) {
          if (decays[i] < 1) {
            targets[i].lerp(at, block, decays[i]);
          }
        }
      } else {
        finite = false;
        for (int i = 0; i < count; i++) {
          if (decays[i] < 1) {
            targets[i].lerp(this, at, at + elements, decays[i], block);
          }
        }
      }
    }
    return finite;
  }

  private void lerp(long from, Block block, double decay) {
    if (decay == 0) {
      write(from, block);
    } else {
      average(from, block, decay);
    }
  }

  /** Takes the runs of finite elements as blocks of their own, and leaves out the others. */
  private void lerpFinite(HostVector source, long from, int count, double decay, Block block) {
    block.markFinite();
    for (int i = 0; i < count; i++) {
      int begin = i;
      while (i < count && block.wasFinite(i)) {
        i++;
      }
      if (begin < i) {
        source.read(from + begin, i - begin, block);
        lerp(from + begin, block, decay);
      }
    }
  }
}
