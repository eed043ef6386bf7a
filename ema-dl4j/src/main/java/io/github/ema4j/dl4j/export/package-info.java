// SPDX-License-Identifier: Apache-2.0

/**
 * Saving networks for use: {@link io.github.ema4j.dl4j.export.EmaExport} writes averaged networks
 * as ordinary model files, which need no EMA4J, and {@link io.github.ema4j.dl4j.export.BestModels}
 * keeps the best raw and the best averaged network of a run.
 */
package io.github.ema4j.dl4j.export;
