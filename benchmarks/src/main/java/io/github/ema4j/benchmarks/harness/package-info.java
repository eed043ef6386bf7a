// SPDX-License-Identifier: Apache-2.0

/**
 * Fair comparison on a machine that is never quite quiet.
 *
 * <p>Every {@link io.github.ema4j.benchmarks.harness.Variant} runs inside a {@link
 * io.github.ema4j.benchmarks.harness.Worker}, a child process that waits for commands: a JVM per
 * number of threads, a C program, Python. A {@link io.github.ema4j.benchmarks.harness.Comparer}
 * asks one after the other, round by round, so that whatever happens to the machine happens to all,
 * and takes ratios within a round. JMH measures one variant after the other and cannot do that; it
 * is used where no comparison is made.
 */
package io.github.ema4j.benchmarks.harness;
