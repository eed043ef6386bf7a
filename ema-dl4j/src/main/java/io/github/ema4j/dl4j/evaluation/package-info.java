// SPDX-License-Identifier: Apache-2.0

/**
 * Evaluation of raw and averaged weights side by side.
 *
 * <p>Start at {@code io.github.ema4j.dl4j.EmaEvaluator}. It gives an {@link
 * io.github.ema4j.dl4j.evaluation.EvaluationResult}, or a {@link
 * io.github.ema4j.dl4j.evaluation.Comparison} of both; {@link
 * io.github.ema4j.dl4j.evaluation.EmaEvaluationListener} makes one every so many epochs or
 * iterations and keeps them.
 */
package io.github.ema4j.dl4j.evaluation;
