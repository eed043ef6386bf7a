// SPDX-License-Identifier: Apache-2.0
/** What the quickstart shows and writes: a table, a CSV file, and a picture of its accuracies. */
package io.github.ema4j.examples.report;
