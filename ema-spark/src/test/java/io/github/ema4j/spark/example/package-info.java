// SPDX-License-Identifier: Apache-2.0

/** A program that trains with averaged weights on Spark, as a user would write it. */
package io.github.ema4j.spark.example;
