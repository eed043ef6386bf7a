// SPDX-License-Identifier: Apache-2.0

/**
 * Batch-norm statistics that fit averaged weights: {@link
 * io.github.ema4j.dl4j.batchnorm.BatchNormStatistics}.
 */
package io.github.ema4j.dl4j.batchnorm;
