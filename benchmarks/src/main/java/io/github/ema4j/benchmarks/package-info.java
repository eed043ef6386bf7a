// SPDX-License-Identifier: Apache-2.0
/**
 * What averaging costs, measured with JMH.
 *
 * <p>All of it: {@code mvn -q -Pbench -pl benchmarks -am compile}. One benchmark with one size:
 * {@code mvn -q -Pbench -pl benchmarks -am compile -Dargs="UpdateBenchmark -p size=1000000"}.
 */
package io.github.ema4j.benchmarks;
