// SPDX-License-Identifier: Apache-2.0

/**
 * What becomes of an average with thousands of workers, by simulation: {@code SimulateScaling} is
 * the program, {@code Workers} the training that it simulates.
 */
package io.github.ema4j.examples.scaling;
