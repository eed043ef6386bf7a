// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.kernel;

import org.nd4j.linalg.api.ndarray.INDArray;

/** Chooses the kernel for a pair of arrays. */
public final class Kernels {

  private Kernels() {}

  /**
   * The fastest kernel that fits: {@link HostKernel} where both arrays are dense and lie in host
   * memory, {@link Nd4jKernel} otherwise.
   *
   * @param shadow the shadow
   * @param params the parameters it follows
   * @return a kernel of its own for this pair
   */
  public static AveragingKernel forArrays(INDArray shadow, INDArray params) {
    return HostKernel.supports(shadow) && HostKernel.supports(params)
        ? new HostKernel()
        : new Nd4jKernel();
  }
}
