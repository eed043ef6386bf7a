// SPDX-License-Identifier: Apache-2.0

/**
 * The arithmetic of averaging on whole arrays, and everything that makes it fast.
 *
 * <p>{@link io.github.ema4j.core.kernel.AveragingKernel} is the seam. Behind it stand two
 * implementations: {@link io.github.ema4j.core.kernel.Nd4jKernel}, a few in-place ND4J operations
 * that run on any backend, and {@link io.github.ema4j.core.kernel.HostKernel}, which makes one pass
 * over host memory. {@link io.github.ema4j.core.kernel.Kernels} chooses between them. Read {@code
 * Nd4jKernel} first: it says what happens; the other says how to do it quickly.
 */
package io.github.ema4j.core.kernel;
