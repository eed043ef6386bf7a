// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.internal.kernel;

import java.lang.ref.Reference;
import java.nio.FloatBuffer;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * {@link HostKernel}'s loop over FLOAT arrays without its finite check, to see what the check
 * costs. In the kernel's package, and so on its very threads and chunks. For arrays of less than
 * 2^27 elements in host memory, not views.
 */
public final class UncheckedLerp {

  private final INDArray shadowArray;
  private final INDArray paramsArray;
  private final FloatBuffer shadow;
  private final FloatBuffer params;
  private final int step;
  private final int pastLine;
  private final Chunks all;
  private final Loop loop = new Loop(Loop.HELPERS);
  private final Loop.Body lerp = this::lerp;
  private float weight;

  /**
   * Prepares the loop for two arrays.
   *
   * @param shadow to be moved
   * @param params of the same length
   */
  public UncheckedLerp(INDArray shadow, INDArray params) {
    shadowArray = shadow;
    paramsArray = params;
    this.shadow = shadow.data().pointer().asByteBuffer().asFloatBuffer();
    this.params = params.data().pointer().asByteBuffer().asFloatBuffer();
    step = shadow.length() <= FloatVector.IN_CACHE ? Block.LARGE : Block.SIZE;
    pastLine = (int) (params.data().address() % Block.CACHE_LINE) / Float.BYTES;
    all = Chunks.all(shadow.length());
  }

  /**
   * Moves the shadow towards the parameters, with as many threads as the kernel has.
   *
   * @param decay in (0.5, 1)
   */
  public void lerp(double decay) {
    weight = (float) (1 - decay);
    loop.all(all, lerp);
    Reference.reachabilityFence(shadowArray);
    Reference.reachabilityFence(paramsArray);
  }

  /** All blocks but the first begin on a cache line, as the kernel's do. */
  private boolean lerp(long from, long to, Block block) {
    float[] p = block.floatRoom();
    int past = (int) (pastLine + from) % (Block.CACHE_LINE / Float.BYTES);
    for (int at = (int) from, count; at < to; at += count, past = 0) {
      count = Math.min(step - past, (int) to - at);
      params.get(at, p, Block.START, count);
      move(shadow.slice(at, count), p, count, weight);
    }
    return true;
  }

  private static void move(FloatBuffer shadow, float[] params, int count, float weight) {
    int n = Math.min(count, Block.LARGE);
    for (int i = 0; i < n; i++) {
      float s = shadow.get(i);
      shadow.put(i, s - weight * (s - params[i + Block.START]));
    }
  }
}
