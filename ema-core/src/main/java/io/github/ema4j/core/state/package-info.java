// SPDX-License-Identifier: Apache-2.0

/**
 * The state of an average, in a form that can be stored.
 *
 * <p>{@link io.github.ema4j.core.state.AverageState} is all of it: {@link
 * io.github.ema4j.core.state.AverageInfo}, a handful of plain values, and the averaged parameters.
 * Writing it to a file is the job of {@code io.github.ema4j.dl4j.checkpoint}.
 */
package io.github.ema4j.core.state;
