// SPDX-License-Identifier: Apache-2.0

/** A training to watch in the browser: start at {@link io.github.ema4j.ui.demo.Demo}. */
package io.github.ema4j.ui.demo;
