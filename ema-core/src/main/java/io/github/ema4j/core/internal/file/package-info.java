// SPDX-License-Identifier: Apache-2.0

/**
 * Files that are never seen half written: {@link io.github.ema4j.core.internal.file.AtomicFile} is
 * how EMA4J writes all of its own.
 */
package io.github.ema4j.core.internal.file;
