// SPDX-License-Identifier: Apache-2.0

/**
 * Early stopping on averaged weights, with Deeplearning4j's own trainers.
 *
 * <p>{@link io.github.ema4j.dl4j.earlystopping.EmaEarlyStopping} wraps a configuration. It wraps
 * the score calculator and the model saver together: Deeplearning4j scores and stores the same
 * network, and a calculator alone would choose the best epoch by one set of weights and store
 * another. {@code io.github.ema4j.dl4j.export.BestModels} keeps the best networks without stopping
 * early.
 */
package io.github.ema4j.dl4j.earlystopping;
