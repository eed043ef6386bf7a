// SPDX-License-Identifier: Apache-2.0

/**
 * The Deeplearning4j plugin: averaged weights of a network that trains.
 *
 * <p>Two classes are all that most users need. {@link io.github.ema4j.dl4j.ModelEmaListener} is
 * added to a network and keeps the average; {@link io.github.ema4j.dl4j.EmaEvaluator} evaluates raw
 * and averaged weights side by side. {@link io.github.ema4j.dl4j.ModelEmaGroup} keeps several
 * averages at once. The rooms beside this one hold what they work with: {@link
 * io.github.ema4j.dl4j.evaluation} results and history, {@link io.github.ema4j.dl4j.selection} the
 * parameters to average, {@link io.github.ema4j.dl4j.diagnostics} a report on an average, {@link
 * io.github.ema4j.dl4j.network} the two network classes of Deeplearning4j.
 */
package io.github.ema4j.dl4j;
