// SPDX-License-Identifier: Apache-2.0
/** Reading saved state, whose values come from a file and may be anything. */
package io.github.ema4j.core.internal.text;
