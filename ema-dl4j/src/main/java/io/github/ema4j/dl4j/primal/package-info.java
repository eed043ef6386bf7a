// SPDX-License-Identifier: Apache-2.0

/**
 * Experimental: optimizers that train at one point and average into another. Names and settings may
 * change with any version.
 *
 * <p>{@link io.github.ema4j.dl4j.primal.PrimalAveraging} is an updater of Deeplearning4j,
 * schedule-free SGD or generalized primal averaging; {@link
 * io.github.ema4j.dl4j.primal.AveragedPoint} gives and evaluates the weights that it averages. The
 * averages of all other packages look on while an optimizer trains; here the average is a part of
 * the optimizer, and decides where gradients are taken.
 */
package io.github.ema4j.dl4j.primal;
