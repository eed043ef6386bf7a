// SPDX-License-Identifier: Apache-2.0

/**
 * Model files, entry by entry: what checkpoints and exported networks have in common. For EMA4J's
 * own modules: it may change with any version.
 *
 * <p>{@link io.github.ema4j.dl4j.internal.file.ModelEntries} writes and reads the entries that are
 * Deeplearning4j's own.
 */
package io.github.ema4j.dl4j.internal.file;
