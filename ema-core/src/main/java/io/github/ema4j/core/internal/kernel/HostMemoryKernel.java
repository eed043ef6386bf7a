// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.internal.kernel;

import java.lang.ref.Reference;
import org.nd4j.linalg.api.concurrency.AffinityManager;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Averages in {@link HostMemory}, and copies between it and arrays of any backend. The arithmetic
 * is that of {@link HostKernel}, bit for bit.
 *
 * <p>{@link #fetch} and {@link #put} wait for the operations that the backend has queued, and use
 * the array's own host side. On the CPU backend that is the array itself. On CUDA it is a mirror
 * that ND4J keeps from the first call on; <b>that has not been run on a GPU by its authors</b>,
 * only written after the sources of ND4J 1.0.0-M2.1.
 *
 * <p>Used by one thread at a time.
 */
public final class HostMemoryKernel {

  private final Loop loop;
  private final Loop.Body fetch = this::fetch;
  private final Loop.Body put = this::put;
  private final Loop.Body lerp = this::lerp;

  private HostVector array;
  private HostVector from;
  private HostVector to;
  private final HostVector[] shadows = new HostVector[1];
  private final double[] decays = new double[1];

  /**
   * Creates a kernel.
   *
   * @throws IllegalStateException as {@link Kernels#forArrays}
   */
  public HostMemoryKernel() {
    this(new Loop(Loop.HELPERS));
    SelfTest.requireWorkingDevice();
  }

  HostMemoryKernel(Loop loop) {
    this.loop = loop;
  }

  /**
   * Takes elements of an array as they are, finite or not.
   *
   * @param source of the type and length of {@code target}; only read
   * @param target receives the bits
   * @param ranges the elements to take
   * @return true if all of them are finite
   */
  public boolean fetch(INDArray source, HostMemory target, Chunks ranges) {
    from = onHost(source);
    to = target.vector();
    requireSameType();
    try {
      return loop.all(ranges, fetch);
    } finally {
      Reference.reachabilityFence(source);
      Reference.reachabilityFence(target);
    }
  }

  /**
   * Writes elements into an array: as they are where both have one type, rounded otherwise.
   *
   * @param source only read
   * @param target of the same length
   * @param ranges the elements to write
   */
  public void put(HostMemory source, INDArray target, Chunks ranges) {
    from = source.vector();
    to = onHost(target);
    try {
      loop.all(ranges, put);
    } finally {
      Reference.reachabilityFence(source);
      Reference.reachabilityFence(target);
    }
    Nd4j.getAffinityManager().tagLocation(target, AffinityManager.Location.HOST);
  }

  /**
   * Moves a shadow towards parameters, as {@link AveragingKernel#lerp} does. Touches no array of
   * ND4J and so may run on any thread.
   *
   * @param params only read
   * @param shadow FLOAT or DOUBLE, changed in place
   * @param decay in [0, 1]; 0 copies, 1 changes nothing
   * @param ranges the elements to work on
   * @return true if all parameters in the ranges were finite
   */
  public boolean lerp(HostMemory params, HostMemory shadow, double decay, Chunks ranges) {
    from = params.vector();
    shadows[0] = shadow.vector();
    decays[0] = decay;
    try {
      return loop.all(ranges, lerp);
    } finally {
      Reference.reachabilityFence(params);
      Reference.reachabilityFence(shadow);
    }
  }

  /**
   * Reads elements, finite or not, exactly. Touches no array of ND4J.
   *
   * @param source only read
   * @param ranges the elements to read
   * @param target receives them, in ascending order
   */
  public void read(HostMemory source, Chunks ranges, double[] target) {
    try {
      source.vector().read(ranges, target);
    } finally {
      Reference.reachabilityFence(source);
    }
  }

  /**
   * Overwrites elements, rounding to the memory's type. Touches no array of ND4J.
   *
   * @param source the values, in ascending order
   * @param target overwritten
   * @param ranges the elements to write
   */
  public void write(double[] source, HostMemory target, Chunks ranges) {
    try {
      target.vector().write(source, ranges);
    } finally {
      Reference.reachabilityFence(target);
    }
  }

  private HostVector onHost(INDArray source) {
    Nd4j.getExecutioner().commit();
    Nd4j.getAffinityManager().ensureLocation(source, AffinityManager.Location.HOST);
    if (array == null || !array.maps(source)) {
      array = HostVector.of(source);
    }
    return array;
  }

  private void requireSameType() {
    if (from.type() != to.type()) {
      throw new IllegalArgumentException(
          "The array is %s, but the memory is for %s".formatted(from.type(), to.type()));
    }
  }

  private boolean fetch(long begin, long end, Block block) {
    boolean finite = true;
    for (long at = begin; at < end; at += Block.SIZE) {
      int count = (int) Math.min(Block.SIZE, end - at);
      from.read(at, count, block);
      finite &= block.isFinite();
      to.copyBits(from, at, count);
    }
    return finite;
  }

  private boolean put(long begin, long end, Block block) {
    if (from.type() == to.type()) {
      to.copyBits(from, begin, (int) (end - begin));
      return true;
    }
    return to.lerp(from, begin, end, 0, block);
  }

  private boolean lerp(long begin, long end, Block block) {
    return from.lerpEach(shadows, 1, decays, begin, end, block);
  }
}
