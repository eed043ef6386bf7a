// SPDX-License-Identifier: Apache-2.0

/**
 * The arithmetic of averaging on whole arrays, and everything that makes it fast.
 *
 * <p>{@link io.github.ema4j.core.internal.kernel.AveragingKernel} is the seam. Behind it stand two
 * implementations: {@link io.github.ema4j.core.internal.kernel.Nd4jKernel}, a few in-place ND4J
 * operations that run on any backend, and {@link io.github.ema4j.core.internal.kernel.HostKernel},
 * which makes one pass over host memory. {@link io.github.ema4j.core.internal.kernel.Kernels}
 * chooses between them: the latter for ND4J's native CPU backend, the former for any other. Read
 * {@code Nd4jKernel} first: it says what happens; the other says how to do it quickly. {@link
 * io.github.ema4j.core.internal.kernel.HostMemoryKernel} does it for a shadow that lies in {@link
 * io.github.ema4j.core.internal.kernel.HostMemory} while the parameters are on another device.
 *
 * <p>How the host kernel works, from outside in: {@code Chunks} cuts the elements into pieces of
 * work; {@code Loop} lets threads take them, each from a {@code Share} of its own as long as there
 * is one, because the processors of a machine seldom share all caches; a {@code HostVector} goes
 * through a chunk block by block, each staged in a heap array, the {@code Block}, where it is
 * checked and used. It needs no native code and no JVM flag; the loops have the shape that the JIT
 * compiler vectorises on JDK 17 and 25.
 *
 * <p>Before the first kernel for another device than the CPU is made, {@code SelfTest} looks
 * whether that device computes at all.
 *
 * <p><b>What has not been run.</b> All of this is tested on the CPU backend, {@code Nd4jKernel} and
 * {@code HostMemoryKernel} included. No GPU was at hand: on CUDA neither has been run. {@code
 * Nd4jKernel} uses ordinary operations only. {@code HostMemoryKernel} follows the sources of ND4J
 * 1.0.0-M2.1: {@code commit} and {@code ensureLocation(HOST)} before it reads an array's host side,
 * {@code tagLocation(HOST)} after it wrote there. Expect results on CUDA to differ in the last
 * bits, where its compiler fuses multiplication and addition.
 */
package io.github.ema4j.core.internal.kernel;
