// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.benchmarks.child;

import java.lang.ref.Reference;
import java.nio.FloatBuffer;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The kernel's loop without its finite check and on one thread, to see what the check costs. FLOAT
 * arrays of less than 2^28 elements in host memory, not views.
 */
final class UncheckedLerp {

  /** As many as the kernel takes at once in a long array, and in one that counts as cached. */
  private static final int BLOCK = 1152;

  private static final int LARGE_BLOCK = 2304;
  private static final int CACHED = 1 << 21;

  /** Bytes; where all blocks but the first begin, as the kernel's do. */
  private static final int CACHE_LINE = 64;

  /** Header of a float[] and 12 elements are 64 bytes: equally aligned with the buffer. */
  private static final int START = 12;

  private final INDArray shadowArray;
  private final INDArray paramsArray;
  private final FloatBuffer shadow;
  private final FloatBuffer params;
  private final float[] staged = new float[START + LARGE_BLOCK];

  UncheckedLerp(INDArray shadow, INDArray params) {
    shadowArray = shadow;
    paramsArray = params;
    this.shadow = shadow.data().pointer().asByteBuffer().asFloatBuffer();
    this.params = params.data().pointer().asByteBuffer().asFloatBuffer();
  }

  void lerp(double decay) {
    float weight = (float) (1 - decay);
    int length = shadow.capacity();
    int step = length <= CACHED ? LARGE_BLOCK : BLOCK;
    int pastLine = (int) (paramsArray.data().address() % CACHE_LINE) / Float.BYTES;
    for (int at = 0, count; at < length; at += count, pastLine = 0) {
      count = Math.min(step - pastLine, length - at);
      params.get(at, staged, START, count);
      block(shadow.slice(at, count), staged, count, weight);
    }
    Reference.reachabilityFence(shadowArray);
    Reference.reachabilityFence(paramsArray);
  }

  private static void block(FloatBuffer shadow, float[] params, int count, float weight) {
    int n = Math.min(count, LARGE_BLOCK);
    for (int i = 0; i < n; i++) {
      float s = shadow.get(i);
      shadow.put(i, s - weight * (s - params[i + START]));
    }
  }
}
