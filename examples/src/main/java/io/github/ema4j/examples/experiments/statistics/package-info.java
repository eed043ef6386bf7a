// SPDX-License-Identifier: Apache-2.0
/** What is computed of the results of several seeds. */
package io.github.ema4j.examples.experiments.statistics;
