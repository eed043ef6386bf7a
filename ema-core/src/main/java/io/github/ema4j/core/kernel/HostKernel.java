// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.kernel;

import java.lang.ref.Reference;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.executioner.OpExecutioner;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A fused kernel for arrays in host memory: one pass per operation, several threads for long
 * arrays, no temporaries. It reads and writes the arrays' own memory through {@code java.nio}
 * buffers, and works with every parameter type and both shadow types.
 */
public final class HostKernel implements AveragingKernel {

  // The two arrays of the last call: an average works on the same memory again and again.
  private HostVector first;
  private HostVector second;

  /** Creates a kernel. */
  public HostKernel() {}

  /**
   * Whether this kernel can work on an array: it lies in host memory of ND4J's native CPU backend,
   * is of a floating type, and its elements stand densely one after the other.
   *
   * @param array any array
   * @return true if all of that holds
   */
  public static boolean supports(INDArray array) {
    return Nd4j.getExecutioner().type() == OpExecutioner.ExecutionerType.NATIVE_CPU
        && HostVector.supports(array.dataType())
        && (array.length() == 1 || array.elementWiseStride() == 1);
  }

  @Override
  public boolean isFinite(INDArray array) {
    HostVector vector = first(array);
    try {
      return Chunks.all(vector.length(), vector::isFinite);
    } finally {
      Reference.reachabilityFence(array);
    }
  }

  @Override
  public void lerp(INDArray shadow, INDArray params, double decay) {
    if (decay == 0) {
      copy(params, shadow);
    } else if (decay < 1) {
      pairwise(shadow, params, (s, p, from, to) -> s.lerp(p, from, to, decay));
    }
  }

  @Override
  public void copy(INDArray from, INDArray to) {
    pairwise(to, from, HostVector::copy);
  }

  @Override
  public void swap(INDArray a, INDArray b) {
    pairwise(a, b, HostVector::swap);
  }

  private interface Pairwise {
    void run(HostVector changed, HostVector other, long from, long to);
  }

  private void pairwise(INDArray changed, INDArray other, Pairwise operation) {
    HostVector x = first(changed);
    HostVector y = second(other);
    try {
      Chunks.all(
          x.length(),
          (from, to) -> {
            operation.run(x, y, from, to);
            return true;
          });
    } finally {
      // A HostVector holds bare memory; the arrays must not be freed while it is in use.
      Reference.reachabilityFence(changed);
      Reference.reachabilityFence(other);
    }
  }

  private HostVector first(INDArray array) {
    if (first == null || !first.maps(array)) {
      first = HostVector.of(array);
    }
    return first;
  }

  private HostVector second(INDArray array) {
    if (second == null || !second.maps(array)) {
      second = HostVector.of(array);
    }
    return second;
  }
}
