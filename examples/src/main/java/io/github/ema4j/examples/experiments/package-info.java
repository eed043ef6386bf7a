// SPDX-License-Identifier: Apache-2.0
/**
 * Experiments that show what averaging weights is for, and where it gives nothing.
 *
 * <p>Each {@link io.github.ema4j.examples.experiments.Experiment} is a network, a way to train it
 * and some averages to keep. {@link io.github.ema4j.examples.experiments.Experiments} trains it
 * from several seeds on the shipped part of Fashion-MNIST and prints the accuracies and losses of
 * the raw and the averaged weights as a Markdown table, with mean and standard deviation. Results
 * and what to conclude from them: {@code docs/experiments.md}.
 */
package io.github.ema4j.examples.experiments;
