// SPDX-License-Identifier: Apache-2.0

/**
 * Whether an average does what it should: {@link io.github.ema4j.dl4j.diagnostics.EmaReport} tells
 * how far it has come and what to change.
 */
package io.github.ema4j.dl4j.diagnostics;
