// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.network;

/**
 * One named parameter array of a network and its place in the flat vector {@code Model.params()}.
 *
 * @param layer name of the layer or graph vertex
 * @param key name of the parameter within the layer, such as W, b, gamma or mean
 * @param frozen whether the layer is frozen, as in transfer learning
 * @param from index of its first element in the flat vector
 * @param to index after its last element
 */
public record NetworkParameter(String layer, String key, boolean frozen, long from, long to) {}
