// SPDX-License-Identifier: Apache-2.0

/**
 * Deeplearning4j's updaters without what they do in vain: at every step they cut each parameter's
 * part out of the vectors of parameters and gradients, twice, to see whether it is regularised.
 */
package io.github.ema4j.onednn.internal.updater;
