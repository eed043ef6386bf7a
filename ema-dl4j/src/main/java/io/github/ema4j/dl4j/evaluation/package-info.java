// SPDX-License-Identifier: Apache-2.0

/**
 * Evaluation of raw and averaged weights side by side.
 *
 * <p>Start at {@link io.github.ema4j.dl4j.evaluation.EmaEvaluator}. It gives an {@link
 * io.github.ema4j.dl4j.evaluation.EvaluationResult} of one set of weights, or a {@link
 * io.github.ema4j.dl4j.evaluation.Comparison} of the raw weights with all averages, whose {@link
 * io.github.ema4j.dl4j.evaluation.Scores} say which average is best; {@link
 * io.github.ema4j.dl4j.evaluation.EmaHistory} makes a comparison every so many epochs or iterations
 * and keeps them.
 */
package io.github.ema4j.dl4j.evaluation;
