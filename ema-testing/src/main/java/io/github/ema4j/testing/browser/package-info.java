// SPDX-License-Identifier: Apache-2.0
/** Pages in a real browser, for modules that have Selenium. */
package io.github.ema4j.testing.browser;
