// SPDX-License-Identifier: Apache-2.0

/**
 * Choosing the length of the average after training: post-hoc EMA (Karras et al. 2024, arXiv
 * 2312.02696).
 *
 * <p>The best averaging length depends on the network, the task and the length of training, and is
 * known only afterwards. So two power-function averages are kept while training ({@link
 * io.github.ema4j.core.schedule.DecaySchedule#powerFunction}, as a rule of the widths 0.05 and
 * 0.10) and a {@link io.github.ema4j.core.posthoc.Snapshot} of each is written now and then. {@link
 * io.github.ema4j.core.posthoc.PostHocEma} makes an average of any length from them: {@code
 * ProfileFit} finds by least squares the weighted sum of stored profiles that is closest to the
 * wanted one. In Deeplearning4j, {@code PostHocEmaListener} of the module ema-dl4j writes the
 * snapshots and {@code PostHocSearch} finds the best length.
 */
package io.github.ema4j.core.posthoc;
