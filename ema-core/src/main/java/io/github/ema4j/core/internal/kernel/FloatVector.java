// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.internal.kernel;

import static io.github.ema4j.core.internal.kernel.Block.START;

import java.nio.FloatBuffer;
import java.util.Arrays;
import org.bytedeco.javacpp.Pointer;
import org.nd4j.linalg.api.buffer.DataType;

/** Memory of a FLOAT array. */
final class FloatVector extends HostVector {

  /**
   * Elements of a vector that counts as being in the cache, together with another of its length.
   */
  static final long IN_CACHE = 1 << 21;

  private final FloatBuffer[] windows;

  /** Elements that {@link #lerpEach} takes at once, as long as there are so many. */
  private final int step;

  FloatVector(Pointer start, long length) {
    super(DataType.FLOAT, start, length);
    step = length <= IN_CACHE ? Block.LARGE : Block.SIZE;
    windows = new FloatBuffer[windows()];
    Arrays.setAll(windows, i -> window(i).asFloatBuffer());
  }

  @Override
  double get(long index) {
    return windows[windowOf(index)].get(inWindow(index));
  }

  @Override
  void put(long index, double value) {
    windows[windowOf(index)].put(inWindow(index), (float) value);
  }

  @Override
  void read(long from, int count, Block block) {
    windows[windowOf(from)].get(inWindow(from), block.fillFloats(count), START, count);
  }

  @Override
  void write(long from, Block block) {
    windows[windowOf(from)].put(inWindow(from), block.floats(), START, block.count());
  }

  @Override
  void average(long from, Block block, double decay) {
    FloatBuffer window = windows[windowOf(from)];
    int index = inWindow(from);
    float weight = (float) (1 - decay);
    if (!block.isFullOfModerateFloats()) {
      lerpEachByItself(window, index, block.floats(), block.count(), weight, (float) decay);
    } else if (weight < 0.5f) {
      lerpFromShadow(window, index, block.floats(), block.count(), weight);
    } else {
      lerpFromParams(window, index, block.floats(), block.count(), (float) decay);
    }
  }

  /** The same as in any vector, in one compiled loop for the case that matters most. */
  @Override
  boolean lerpEach(
      HostVector[] targets, int count, double[] decays, long from, long to, Block block) {
    int window = windowOf(from);
    block.roomFor(count);
    for (int i = 0; i < count; i++) {
      float weight = (float) (1 - decays[i]);
      if (weight >= 0.5f || weight == 0 || !(targets[i] instanceof FloatVector shadow)) {
        return super.lerpEach(targets, count, decays, from, to, block);
      }
      block.setTarget(i, shadow.windows[window], weight);
    }
    boolean finite = true;
    long at = from;
    while (at < to) {
      int moved = lerpBlocks(step, step, count, at, to, block);
      if (moved == 0) {
        moved = lerpBlocks(Block.SIZE, Block.FEW, count, at, to, block);
      }
      if (moved == 0) {
        // A few that are left, or a block with something that is not finite or not moderate.
        moved = (int) Math.min(Block.SIZE, to - at);
        finite &=
            moved < Block.FEW
                ? lerpOneByOne(count, at, moved, block)
                : super.lerpEach(targets, count, decays, at, at + moved, block);
      }
      at += moved;
    }
    return finite;
  }

  /**
   * Moves {@code most} elements at a time, or {@code least} at least. All blocks but the first
   * begin with a cache line of this vector: one that begins within a line takes up to a tenth
   * longer. Stops before a block that is not moderate; returns how many elements it moved.
   */
  private int lerpBlocks(int most, int least, int count, long from, long to, Block block) {
    FloatBuffer source = windows[windowOf(from)];
    FloatBuffer[] shadows = block.shadows;
    float[] weights = block.weights;
    int begin = inWindow(from);
    int end = begin + (int) (to - from);
    int at = begin;
    int pastLine = pastCacheLine(from) / Float.BYTES;
    float[] p = block.floatRoom();
    for (int size; end - at >= least; at += size, pastLine = 0) {
      size = Math.min(most - pastLine, end - at);
      source.get(at, p, START, size);
      if (!block.hasModerateFloats(size)) {
        break;
      }
      for (int i = 0; i < count; i++) {
        lerpFromShadow(shadows[i], at, p, size, weights[i]);
      }
    }
    return at - begin;
  }

  /** For a few elements: moves those that are finite, and returns whether all were. */
  private boolean lerpOneByOne(int count, long from, int elements, Block block) {
    FloatBuffer source = windows[windowOf(from)];
    int begin = inWindow(from);
    boolean finite = true;
    for (int at = begin; at < begin + elements; at++) {
      float p = source.get(at);
      if (Float.isFinite(p)) {
        for (int i = 0; i < count; i++) {
          FloatBuffer shadow = block.shadows[i];
          shadow.put(at, lerp(shadow.get(at), p, block.weights[i]));
        }
      } else {
        finite = false;
      }
    }
    return finite;
  }

  // Small methods of their own: each is one loop that the compiler vectorises.

  private static void lerpFromShadow(
      FloatBuffer window, int index, float[] params, int count, float weight) {
    FloatBuffer shadow = window.slice(index, count);
    int n = Math.min(count, Block.LARGE);
    for (int i = 0; i < n; i++) {
      float s = shadow.get(i);
      shadow.put(i, s - weight * (s - params[i + START]));
    }
  }

  // Nearer to the parameters this is the exact side to start from, as torch.lerp does.
  private static void lerpFromParams(
      FloatBuffer window, int index, float[] params, int count, float decay) {
    FloatBuffer shadow = window.slice(index, count);
    int n = Math.min(count, Block.SIZE);
    for (int i = 0; i < n; i++) {
      float p = params[i + START];
      shadow.put(i, p - decay * (p - shadow.get(i)));
    }
  }

  /**
   * For elements that may not be moderate, or are few. Not vectorised, and makes no slice, which
   * costs an object until this has run very often.
   */
  private static void lerpEachByItself(
      FloatBuffer shadow, int index, float[] params, int count, float weight, float decay) {
    for (int i = 0; i < count; i++) {
      float s = shadow.get(index + i);
      float p = params[i + START];
      shadow.put(index + i, weight < 0.5f ? lerp(s, p, weight) : lerp(p, s, decay));
    }
  }

  /** {@code near - share * (near - far)}, whatever the difference. */
  private static float lerp(float near, float far, float share) {
    float difference = near - far;
    return Float.isInfinite(difference)
        ? near - 2 * share * (near / 2 - far / 2) // halves are exact in numbers of that size
        : near - share * difference;
  }
}
