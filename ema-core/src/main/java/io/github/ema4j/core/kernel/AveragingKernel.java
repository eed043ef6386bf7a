// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.kernel;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The arithmetic of an average on whole arrays: the one seam behind which speed lives.
 *
 * <p>All arguments of one call have the same length and are FLOAT, DOUBLE, HALF or BFLOAT16; a
 * shadow is FLOAT or DOUBLE. Elements are paired in memory order. Callers check lengths; see {@link
 * io.github.ema4j.core.ParameterAverage}. The result is a function of the inputs alone: the same
 * bits for any number of threads.
 *
 * <p>A kernel may keep scratch memory and is used by one thread at a time.
 */
public interface AveragingKernel {

  /**
   * Whether every element is finite.
   *
   * @param array any array
   * @return false if one element or more is NaN or infinite
   */
  boolean isFinite(INDArray array);

  /**
   * Moves the shadow towards the parameters: {@code shadow -= (1 - decay) * (shadow - params)}.
   *
   * <p>In this form, TensorFlow's, equal values stay bit-exact for every decay. {@code decay *
   * shadow + (1 - decay) * params} in float32 does not have that property: the two rounded weights
   * do not add up to 1, and constant parameters drift by up to 0.017 % at 0.9999.
   *
   * @param shadow FLOAT or DOUBLE, changed in place
   * @param params any floating type, only read
   * @param decay in [0, 1]; 0 copies, 1 changes nothing
   */
  void lerp(INDArray shadow, INDArray params, double decay);

  /**
   * Copies all elements, rounding to the target's type.
   *
   * @param from only read
   * @param to overwritten
   */
  void copy(INDArray from, INDArray to);

  /**
   * Exchanges the contents of two arrays of the same type, bit for bit.
   *
   * @param a one array
   * @param b the other, no part of it shared with {@code a}
   */
  void swap(INDArray a, INDArray b);
}
