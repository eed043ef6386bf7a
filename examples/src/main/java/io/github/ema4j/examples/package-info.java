// SPDX-License-Identifier: Apache-2.0
/** Programs to run, read and copy from. Start with {@link io.github.ema4j.examples.Quickstart}. */
package io.github.ema4j.examples;
