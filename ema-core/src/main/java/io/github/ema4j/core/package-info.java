// SPDX-License-Identifier: Apache-2.0

/**
 * Averaging of parameter vectors: the mathematics of EMA4J, on ND4J arrays, without Deeplearning4j.
 *
 * <p>{@link io.github.ema4j.core.ParameterAverage} holds the shadow and applies the formula; {@link
 * io.github.ema4j.core.AveragingConfig} says how; {@link io.github.ema4j.core.schedule} says with
 * which decay; {@code internal.kernel} does the arithmetic. To average a network of Deeplearning4j
 * use {@code io.github.ema4j.dl4j.ModelEmaListener} of the module ema-dl4j, which stands on this
 * one.
 */
package io.github.ema4j.core;
