// SPDX-License-Identifier: Apache-2.0

/**
 * What becomes of an average with thousands of workers: {@code SimulateScaling} is the program,
 * {@code Workers} the training that it simulates, {@code RoundCosts} a count of bytes, and {@code
 * Broadcast} what Spark sends to the workers.
 */
package io.github.ema4j.examples.scaling;
