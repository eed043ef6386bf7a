// SPDX-License-Identifier: Apache-2.0

/** Deeplearning4j networks at the speed of oneDNN. */
package io.github.ema4j.onednn;
