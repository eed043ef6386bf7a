// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.kernel;

import static io.github.ema4j.core.kernel.Scratch.START;

import java.nio.DoubleBuffer;
import java.util.Arrays;
import org.bytedeco.javacpp.DoublePointer;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Memory of a DOUBLE array. */
final class DoubleVector extends HostVector {

  private final DoubleBuffer[] windows;

  DoubleVector(INDArray array) {
    super(array);
    windows = new DoubleBuffer[windows(array)];
    for (int i = 0; i < windows.length; i++) {
      windows[i] = window(array, DoublePointer.class, i).asBuffer();
    }
  }

  @Override
  void read(long from, int count, float[] to) {
    double[] doubles = Scratch.ofThread().doubles;
    read(from, count, doubles);
    for (int i = START; i < START + count; i++) {
      to[i] = (float) doubles[i];
    }
  }

  @Override
  void read(long from, int count, double[] to) {
    windows[windowOf(from)].get(inWindow(from), to, START, count);
  }

  @Override
  void lerp(HostVector params, long from, long to, double decay) {
    DoubleBuffer window = windows[windowOf(from)];
    double[] p = Scratch.ofThread().doubles;
    double weight = 1 - decay;
    for (long at = from; at < to; at += BLOCK) {
      int count = (int) Math.min(BLOCK, to - at);
      params.read(at, count, p);
      DoubleBuffer shadow = window.slice(inWindow(at), count);
      if (weight < 0.5) {
        lerpFromShadow(shadow, p, count, weight);
      } else {
        lerpFromParams(shadow, p, count, decay);
      }
    }
  }

  // Small methods of their own: each is one loop that the compiler vectorises.

  private static void lerpFromShadow(
      DoubleBuffer shadow, double[] params, int count, double weight) {
    int n = Math.min(count, BLOCK);
    for (int i = 0; i < n; i++) {
      double s = shadow.get(i);
      shadow.put(i, s - weight * (s - params[i + START]));
    }
  }

  // Nearer to the parameters this is the exact side to start from, as torch.lerp does.
  private static void lerpFromParams(
      DoubleBuffer shadow, double[] params, int count, double decay) {
    int n = Math.min(count, BLOCK);
    for (int i = 0; i < n; i++) {
      double p = params[i + START];
      shadow.put(i, p - decay * (p - shadow.get(i)));
    }
  }

  @Override
  void copy(HostVector other, long from, long to) {
    DoubleBuffer window = windows[windowOf(from)];
    double[] block = Scratch.ofThread().doubles;
    for (long at = from; at < to; at += BLOCK) {
      int count = (int) Math.min(BLOCK, to - at);
      other.read(at, count, block);
      window.put(inWindow(at), block, START, count);
    }
  }

  @Override
  void swap(HostVector other, long from, long to) {
    DoubleBuffer a = windows[windowOf(from)];
    DoubleBuffer b = ((DoubleVector) other).windows[windowOf(from)];
    double[] block = Scratch.ofThread().doubles;
    for (long at = from; at < to; at += BLOCK) {
      int index = inWindow(at);
      int count = (int) Math.min(BLOCK, to - at);
      a.get(index, block, START, count);
      a.put(index, b, index, count);
      b.put(index, block, START, count);
    }
  }

  @Override
  boolean isFinite(long from, long to) {
    Scratch scratch = Scratch.ofThread();
    double[] sums = scratch.moreDoubles;
    Arrays.fill(sums, 0);
    for (long at = from; at < to; at += BLOCK) {
      int count = (int) Math.min(BLOCK, to - at);
      read(at, count, scratch.doubles);
      addZeroTimes(scratch.doubles, sums, count);
    }
    for (double sum : sums) {
      if (sum != 0) {
        return false;
      }
    }
    return true;
  }

  /** See {@link HostVector}: as there, in double, where no finite value looks infinite. */
  private static void addZeroTimes(double[] values, double[] sums, int count) {
    int end = START + Math.min(count, BLOCK);
    for (int i = START; i < end; i++) {
      sums[i] += 0.0 * values[i];
    }
  }
}
