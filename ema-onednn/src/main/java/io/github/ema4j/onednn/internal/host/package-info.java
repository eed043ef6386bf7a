// SPDX-License-Identifier: Apache-2.0

/** Elements of arrays in host memory, for plain Java. */
package io.github.ema4j.onednn.internal.host;
