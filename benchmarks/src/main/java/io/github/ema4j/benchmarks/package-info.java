// SPDX-License-Identifier: Apache-2.0

/**
 * One command that measures what an average of weights costs. {@link
 * io.github.ema4j.benchmarks.Benchmarks} is the command; a {@link
 * io.github.ema4j.benchmarks.section.Section} answers one question; {@code harness} compares
 * processes fairly; {@code child} runs inside those that are measured.
 */
package io.github.ema4j.benchmarks;
