// SPDX-License-Identifier: Apache-2.0
/**
 * Programs on Spark: {@link io.github.ema4j.examples.spark.SparkExample} trains with averaged
 * weights as a user would write it, {@link io.github.ema4j.examples.spark.RoundCost} measures what
 * the average adds to a round.
 */
package io.github.ema4j.examples.spark;
