// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.kernel;

import static io.github.ema4j.core.kernel.Scratch.START;

import java.nio.FloatBuffer;
import org.bytedeco.javacpp.FloatPointer;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Memory of a FLOAT array. */
final class FloatVector extends HostVector {

  private final FloatBuffer[] windows;

  FloatVector(INDArray array) {
    super(array);
    windows = new FloatBuffer[windows(array)];
    for (int i = 0; i < windows.length; i++) {
      windows[i] = window(array, FloatPointer.class, i).asBuffer();
    }
  }

  @Override
  void read(long from, int count, float[] to) {
    windows[windowOf(from)].get(inWindow(from), to, START, count);
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
    FloatBuffer window = windows[windowOf(from)];
    float[] p = Scratch.ofThread().floats;
    float weight = (float) (1 - decay);
    for (long at = from; at < to; at += BLOCK) {
      int count = (int) Math.min(BLOCK, to - at);
      params.read(at, count, p);
      FloatBuffer shadow = window.slice(inWindow(at), count);
      if (weight < 0.5f) {
        lerpFromShadow(shadow, p, count, weight);
      } else {
        lerpFromParams(shadow, p, count, (float) decay);
      }
    }
  }

  // Small methods of their own: each is one loop that the compiler vectorises.

  private static void lerpFromShadow(FloatBuffer shadow, float[] params, int count, float weight) {
    int n = Math.min(count, BLOCK);
    for (int i = 0; i < n; i++) {
      float s = shadow.get(i);
      shadow.put(i, s - weight * (s - params[i + START]));
    }
  }

  // Nearer to the parameters this is the exact side to start from, as torch.lerp does.
  private static void lerpFromParams(FloatBuffer shadow, float[] params, int count, float decay) {
    int n = Math.min(count, BLOCK);
    for (int i = 0; i < n; i++) {
      float p = params[i + START];
      shadow.put(i, p - decay * (p - shadow.get(i)));
    }
  }

  @Override
  void copy(HostVector other, long from, long to) {
    FloatBuffer window = windows[windowOf(from)];
    float[] block = Scratch.ofThread().floats;
    for (long at = from; at < to; at += BLOCK) {
      int count = (int) Math.min(BLOCK, to - at);
      other.read(at, count, block);
      window.put(inWindow(at), block, START, count);
    }
  }

  @Override
  void swap(HostVector other, long from, long to) {
    FloatBuffer a = windows[windowOf(from)];
    FloatBuffer b = ((FloatVector) other).windows[windowOf(from)];
    float[] block = Scratch.ofThread().floats;
    for (long at = from; at < to; at += BLOCK) {
      int index = inWindow(at);
      int count = (int) Math.min(BLOCK, to - at);
      a.get(index, block, START, count);
      a.put(index, b, index, count);
      b.put(index, block, START, count);
    }
  }
}
