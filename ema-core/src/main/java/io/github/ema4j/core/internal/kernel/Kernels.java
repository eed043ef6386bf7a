// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.internal.kernel;

import org.nd4j.linalg.api.ndarray.INDArray;

/** Chooses the kernel for some arrays. */
public final class Kernels {

  private Kernels() {}

  /**
   * The fastest kernel that fits: {@link HostKernel} where all arrays are dense and lie in host
   * memory of ND4J's native CPU backend, {@link Nd4jKernel} otherwise.
   *
   * @param arrays the arrays that it will work on, or others of their kind
   * @return a kernel of its own for them
   * @throws IllegalStateException if the backend is not the CPU one, and a first computation with
   *     known numbers went wrong: ND4J's CUDA library does so on GPUs that it was not made for
   */
  public static AveragingKernel forArrays(INDArray... arrays) {
    return forArrays(Loop.HELPERS, arrays);
  }

  /**
   * As {@link #forArrays}, but without helpers for long arrays: for work beside other work, which
   * it is not to take the processors from. The results have the same bits.
   *
   * @param arrays the arrays that it will work on, or others of their kind
   * @return a kernel of its own for them
   * @throws IllegalStateException as {@link #forArrays}
   */
  public static AveragingKernel ofOneThread(INDArray... arrays) {
    return forArrays(0, arrays);
  }

  private static AveragingKernel forArrays(int helpers, INDArray... arrays) {
    for (INDArray array : arrays) {
      if (!HostKernel.supports(array)) {
        SelfTest.requireWorkingDevice();
        return new Nd4jKernel();
      }
    }
    return new HostKernel(helpers);
  }
}
