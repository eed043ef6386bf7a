// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.internal.kernel;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The arithmetic of an average on whole arrays: the one seam behind which speed lives.
 *
 * <p>All arrays of one call have the length of its {@link Chunks} and are FLOAT, DOUBLE, HALF or
 * BFLOAT16; a shadow is FLOAT or DOUBLE. They are dense: elements are paired in memory order.
 * Nothing outside the ranges is read or written.
 *
 * <p><b>Elements that are not finite.</b> Where an element of the source is NaN or infinite, the
 * element that it would have changed keeps its value; all others change as usual.
 *
 * <p><b>Finite in, finite out.</b> An average of finite elements is finite, also where their
 * difference is more than their type holds, as for 3e38 and -3e38: it is then what the formula
 * gives in exact arithmetic, rounded. Parameters of a wider type than the shadow's must be in its
 * range, which they are in a {@code ParameterAverage}.
 *
 * <p>The result is a function of the inputs alone: the same bits for any number of threads, for any
 * way to cut the ranges, and for a shadow alone or together with others.
 *
 * <p>A kernel keeps scratch memory and is used by one thread at a time.
 */
public interface AveragingKernel {

  /**
   * Moves each shadow towards the parameters, in one pass over them: {@code shadow -= (1 - decay) *
   * (shadow - params)}.
   *
   * <p>In this form, TensorFlow's, equal values stay bit-exact for every decay. {@code decay *
   * shadow + (1 - decay) * params} in float32 does not have that property: the two rounded weights
   * do not add up to 1, and constant parameters drift by up to 0.017 % at 0.9999. For decays up to
   * 0.5 the same is computed from the nearer side: {@code params - decay * (params - shadow)}.
   *
   * @param params any floating type, only read
   * @param shadows FLOAT or DOUBLE each, changed in place, no two of them sharing memory
   * @param decays of each shadow, in [0, 1]; 0 copies bit for bit, 1 changes nothing
   * @param ranges the elements to work on
   * @return true if all parameters in the ranges were finite
   */
  boolean lerp(INDArray params, INDArray[] shadows, double[] decays, Chunks ranges);

  /**
   * Copies elements, rounding to the target's type.
   *
   * @param from only read
   * @param to overwritten
   * @param ranges the elements to work on
   * @return true if all elements copied were finite
   */
  boolean copy(INDArray from, INDArray to, Chunks ranges);

  /**
   * Exchanges elements of two arrays of the same type, finite or not, bit for bit.
   *
   * @param a one array
   * @param b the other, no part of it shared with {@code a}
   * @param ranges the elements to work on
   */
  void swap(INDArray a, INDArray b, Chunks ranges);

  /**
   * Reads elements, finite or not, exactly.
   *
   * @param from only read
   * @param ranges the elements to read
   * @param to receives them, in ascending order; of as many elements as the ranges
   */
  void read(INDArray from, Chunks ranges, double[] to);

  /**
   * Overwrites elements, rounding to the array's type.
   *
   * @param from the values, in ascending order; of as many elements as the ranges
   * @param to overwritten
   * @param ranges the elements to write
   */
  void write(double[] from, INDArray to, Chunks ranges);

  /**
   * Whether every element in some ranges is finite.
   *
   * @param array any array
   * @param ranges the elements to work on
   * @return false if one element or more is NaN or infinite
   */
  boolean isFinite(INDArray array, Chunks ranges);

  /**
   * Whether every element is finite.
   *
   * @param array any array
   * @return false if one element or more is NaN or infinite
   */
  default boolean isFinite(INDArray array) {
    return isFinite(array, Chunks.all(array.length()));
  }
}
