// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.internal.kernel;

import static io.github.ema4j.core.internal.kernel.Block.DOUBLE_START;

import java.nio.DoubleBuffer;
import java.util.Arrays;
import org.bytedeco.javacpp.Pointer;
import org.nd4j.linalg.api.buffer.DataType;

/** Memory of a DOUBLE array. */
final class DoubleVector extends HostVector {

  private final DoubleBuffer[] windows;

  DoubleVector(Pointer start, long length) {
    super(DataType.DOUBLE, start, length);
    windows = new DoubleBuffer[windows()];
    Arrays.setAll(windows, i -> window(i).asDoubleBuffer());
  }

  @Override
  double get(long index) {
    return windows[windowOf(index)].get(inWindow(index));
  }

  @Override
  void put(long index, double value) {
    windows[windowOf(index)].put(inWindow(index), value);
  }

  @Override
  void read(long from, int count, Block block) {
    windows[windowOf(from)].get(inWindow(from), block.fillDoubles(count), DOUBLE_START, count);
  }

  @Override
  void write(long from, Block block) {
    windows[windowOf(from)].put(inWindow(from), block.doubles(), DOUBLE_START, block.count());
  }

  @Override
  void average(long from, Block block, double decay) {
    DoubleBuffer window = windows[windowOf(from)];
    int index = inWindow(from);
    double weight = 1 - decay;
    if (!block.isFullOfModerateDoubles()) {
      lerpEachByItself(window, index, block.doubles(), block.count(), weight, decay);
    } else if (weight < 0.5) {
      lerpFromShadow(window, index, block.doubles(), block.count(), weight);
    } else {
      lerpFromParams(window, index, block.doubles(), block.count(), decay);
    }
  }

  // Small methods of their own: each is one loop that the compiler vectorises.

  private static void lerpFromShadow(
      DoubleBuffer window, int index, double[] params, int count, double weight) {
    DoubleBuffer shadow = window.slice(index, count);
    int n = Math.min(count, Block.SIZE);
    for (int i = 0; i < n; i++) {
      double s = shadow.get(i);
      shadow.put(i, s - weight * (s - params[i + DOUBLE_START]));
    }
  }

  // Nearer to the parameters this is the exact side to start from, as torch.lerp does.
  private static void lerpFromParams(
      DoubleBuffer window, int index, double[] params, int count, double decay) {
    DoubleBuffer shadow = window.slice(index, count);
    int n = Math.min(count, Block.SIZE);
    for (int i = 0; i < n; i++) {
      double p = params[i + DOUBLE_START];
      shadow.put(i, p - decay * (p - shadow.get(i)));
    }
  }

  /**
   * For elements that may not be moderate, or are few. Not vectorised, and makes no slice, which
   * costs an object until this has run very often.
   */
  private static void lerpEachByItself(
      DoubleBuffer shadow, int index, double[] params, int count, double weight, double decay) {
    for (int i = 0; i < count; i++) {
      double s = shadow.get(index + i);
      double p = params[i + DOUBLE_START];
      shadow.put(index + i, weight < 0.5 ? lerp(s, p, weight) : lerp(p, s, decay));
    }
  }

  /** {@code near - share * (near - far)}, whatever the difference. */
  private static double lerp(double near, double far, double share) {
    double difference = near - far;
    return Double.isInfinite(difference)
        ? near - 2 * share * (near / 2 - far / 2) // halves are exact in numbers of that size
        : near - share * difference;
  }
}
