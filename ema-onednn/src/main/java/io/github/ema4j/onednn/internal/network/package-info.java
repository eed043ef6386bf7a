// SPDX-License-Identifier: Apache-2.0

/** Where networks keep their layers. */
package io.github.ema4j.onednn.internal.network;
