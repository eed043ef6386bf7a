// SPDX-License-Identifier: Apache-2.0

/**
 * Files that are never seen half written, and never believed unseen: {@link
 * io.github.ema4j.core.internal.file.AtomicFile} is how EMA4J writes all of its own, {@link
 * io.github.ema4j.core.internal.file.ZipWriter} and {@link
 * io.github.ema4j.core.internal.file.ZipReader} are for those that have several entries.
 */
package io.github.ema4j.core.internal.file;
