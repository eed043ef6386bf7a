// SPDX-License-Identifier: Apache-2.0

/**
 * Choosing the length of the average after training, in Deeplearning4j.
 *
 * <p>{@link io.github.ema4j.dl4j.posthoc.PostHocEmaListener} writes snapshots of a few averages
 * while a network trains. Afterwards {@link io.github.ema4j.core.posthoc.PostHocEma} reconstructs
 * the average of any length, and {@link io.github.ema4j.dl4j.posthoc.PostHocSearch} finds the
 * length with the best score. The mathematics is in {@link io.github.ema4j.core.posthoc}.
 */
package io.github.ema4j.dl4j.posthoc;
