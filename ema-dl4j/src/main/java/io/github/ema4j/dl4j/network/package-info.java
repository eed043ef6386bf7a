// SPDX-License-Identifier: Apache-2.0

/**
 * What the plugin needs to know of Deeplearning4j's networks, said once for both network classes.
 *
 * <p>{@link io.github.ema4j.dl4j.network.Networks} finds the parameter vector and builds networks
 * over a given one, which is how averaged weights are evaluated and deployed. {@link
 * io.github.ema4j.dl4j.network.ConstrainedParameters} and {@link
 * io.github.ema4j.dl4j.network.RecurrentState} each deal with one trap of the training loop.
 */
package io.github.ema4j.dl4j.network;
