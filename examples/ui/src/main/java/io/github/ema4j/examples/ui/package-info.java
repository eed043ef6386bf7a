// SPDX-License-Identifier: Apache-2.0
/**
 * A training to watch in the browser, at the page {@code /ema} of Deeplearning4j's training UI:
 * {@link io.github.ema4j.examples.ui.UiExample}.
 */
package io.github.ema4j.examples.ui;
