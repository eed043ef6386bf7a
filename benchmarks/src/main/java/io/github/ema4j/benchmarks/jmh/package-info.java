// SPDX-License-Identifier: Apache-2.0

/** Benchmarks of JMH: single variants, and what they allocate. */
package io.github.ema4j.benchmarks.jmh;
