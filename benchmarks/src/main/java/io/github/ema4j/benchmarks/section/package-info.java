// SPDX-License-Identifier: Apache-2.0

/** The parts of the report: each asks one question and answers it with a table or two. */
package io.github.ema4j.benchmarks.section;
