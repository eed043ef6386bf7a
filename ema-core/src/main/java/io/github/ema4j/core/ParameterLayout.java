// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core;

import java.util.Arrays;
import java.util.Objects;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * How the parameters of an average lie in memory: their number, type, shape and order. Every other
 * array that is paired with them, element by element, must lie like them. Immutable.
 */
final class ParameterLayout {

  private final DataType type;
  private final long length;
  private final long[] shape;
  private final char ordering;

  private ParameterLayout(INDArray params) {
    type = params.dataType();
    length = params.length();
    shape = params.shape();
    ordering = params.ordering();
  }

  /**
   * The layout of these parameters.
   *
   * @throws IllegalArgumentException if they are not dense, or of a type that cannot be averaged
   */
  static ParameterLayout of(INDArray params) {
    if (!params.dataType().isFPType()) {
      throw new IllegalArgumentException(
          "Parameters must be of a floating type, but were " + params.dataType());
    }
    requireDense(params);
    return new ParameterLayout(params);
  }

  /**
   * The number of these parameters.
   *
   * @throws IllegalArgumentException if there are none
   */
  static long lengthOf(INDArray start) {
    Objects.requireNonNull(start, "start");
    if (start.isEmpty() || start.length() == 0) {
      throw new IllegalArgumentException(
          "There are no parameters to average: the array is empty. Is the network initialised?");
    }
    return start.length();
  }

  DataType type() {
    return type;
  }

  /** A copy in this shape and order, in the type that the values have. */
  INDArray copyOf(INDArray values) {
    return values.reshape(ordering, shape).dup(ordering);
  }

  /**
   * Refuses an array that lies otherwise.
   *
   * @throws IllegalArgumentException if it does
   */
  void requireMatching(INDArray params) {
    Objects.requireNonNull(params, "params");
    if (params.length() != length) {
      throw new IllegalArgumentException(
          "This average is of %d parameters, but was given %d. Another network needs an average of its own"
              .formatted(length, params.length()));
    }
    if (params.dataType() != type) {
      throw new IllegalArgumentException(
          "This average is of %s parameters, but was given %s. Another network needs an average of its own"
              .formatted(type, params.dataType()));
    }
    requireDense(params);
    // Elements are paired in memory order, which for anything but a vector depends on the layout.
    if (!params.isVectorOrScalar()
        && !(Arrays.equals(params.shape(), shape) && params.ordering() == ordering)) {
      throw new IllegalArgumentException(
          "This average is of an array of shape %s in order '%s', but was given %s in order '%s'"
              .formatted(
                  Arrays.toString(shape),
                  ordering,
                  Arrays.toString(params.shape()),
                  params.ordering()));
    }
  }

  private static void requireDense(INDArray params) {
    if (params.length() > 1 && params.elementWiseStride() != 1) {
      throw new IllegalArgumentException(
          "Parameters must stand densely in memory, as Model.params() does, but this array has the"
              + " strides "
              + Arrays.toString(params.stride())
              + ": pass array.dup()");
    }
  }
}
