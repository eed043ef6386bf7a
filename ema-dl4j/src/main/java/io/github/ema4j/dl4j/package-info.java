// SPDX-License-Identifier: Apache-2.0

/**
 * The Deeplearning4j plugin: averaged weights of a network that trains.
 *
 * <p>{@link io.github.ema4j.dl4j.ModelEmaListener} is added to a network and keeps the average;
 * {@link io.github.ema4j.dl4j.ModelEmaGroup} keeps several at once. Whatever evaluates, saves or
 * shows averages takes either as an {@link io.github.ema4j.dl4j.EmaListener} and is called after
 * it. {@link io.github.ema4j.dl4j.ParameterSelection} says which parameters are averaged. The
 * packages below use this one: {@link io.github.ema4j.dl4j.evaluation} evaluates raw and averaged
 * weights side by side, {@link io.github.ema4j.dl4j.checkpoint} saves and resumes, {@link
 * io.github.ema4j.dl4j.export} saves for use, {@link io.github.ema4j.dl4j.diagnostics} reports on
 * an average, {@link io.github.ema4j.dl4j.parallel} trains with several workers.
 */
package io.github.ema4j.dl4j;
