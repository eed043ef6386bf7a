// SPDX-License-Identifier: Apache-2.0

/**
 * What runs inside a measured JVM. {@link io.github.ema4j.benchmarks.child.Child} obeys the
 * requests that {@link io.github.ema4j.benchmarks.harness.Worker} describes. A {@link
 * io.github.ema4j.benchmarks.child.Scene} is set up once and offers tasks by name.
 */
package io.github.ema4j.benchmarks.child;
