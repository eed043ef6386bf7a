// SPDX-License-Identifier: Apache-2.0

/**
 * What EMA4J needs to know of Deeplearning4j's networks, said once for both network classes. For
 * EMA4J's own modules: it may change with any version.
 *
 * <p>{@link io.github.ema4j.dl4j.internal.Networks} finds the parameter vector; {@link
 * io.github.ema4j.dl4j.internal.Replica} builds a second network over a given one, which is how
 * averaged weights are evaluated and deployed, and proves it to be the same. {@link
 * io.github.ema4j.dl4j.internal.ConstrainedParameters} and {@link
 * io.github.ema4j.dl4j.internal.KeptState} each deal with one trap of the training loop.
 */
package io.github.ema4j.dl4j.internal;
