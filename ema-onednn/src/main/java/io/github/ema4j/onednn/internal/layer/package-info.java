// SPDX-License-Identifier: Apache-2.0

/**
 * Layers that compute the same as Deeplearning4j's faster, and which of its layers they replace.
 */
package io.github.ema4j.onednn.internal.layer;
