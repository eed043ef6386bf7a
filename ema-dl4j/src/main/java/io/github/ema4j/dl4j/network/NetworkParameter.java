// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.network;

/**
 * One named parameter array of a network and its place in the flat vector {@code Model.params()}.
 *
 * @param layer name of the layer or graph vertex
 * @param key name of the parameter within the layer, such as W, b, gamma or mean
 * @param frozen whether the layer is frozen, as in transfer learning
 * @param form how it holds what it stands for
 * @param from index of its first element in the flat vector
 * @param to index after its last element
 */
public record NetworkParameter(
    String layer, String key, boolean frozen, Form form, long from, long to) {

  /** How a parameter holds what it stands for, which decides what an average of it is. */
  public enum Form {
    /** As it is: the average is that of the parameter. */
    PLAIN,
    /** A variance, as batch norm with {@code useLogStd(false)}: the average is the parameter's. */
    VARIANCE,
    /**
     * A variance as the log10 of the standard deviation, as batch norm by default: the average is
     * that of the variance.
     */
    LOG10_DEVIATION
  }
}
