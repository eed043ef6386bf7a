// SPDX-License-Identifier: Apache-2.0

/** What ND4J computes with. */
package io.github.ema4j.onednn.backend;
