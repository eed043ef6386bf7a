// SPDX-License-Identifier: Apache-2.0

/**
 * Averaging of SameDiff graphs.
 *
 * <p>{@link io.github.ema4j.core.samediff.SameDiffEmaListener} averages the trainable variables
 * while {@code SameDiff.fit} trains them, swaps the averaged values in, and saves and resumes. The
 * arithmetic, the options and the counters are those of {@link
 * io.github.ema4j.core.ParameterAverage}.
 */
package io.github.ema4j.core.samediff;
