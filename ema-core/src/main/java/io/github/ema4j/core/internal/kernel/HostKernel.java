// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.internal.kernel;

import java.lang.ref.Reference;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.executioner.OpExecutioner;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A fused kernel for arrays in host memory: one pass per operation, several threads for long
 * arrays, no temporaries. It reads and writes the arrays' own memory through {@code java.nio}
 * buffers, and works with every parameter type and both shadow types.
 */
public final class HostKernel implements AveragingKernel {

  private final Loop loop;

  // The operations as objects, made once: a call allocates nothing.
  private final Loop.Body lerp = this::lerp;
  private final Loop.Body swap = this::swap;
  private final Loop.Body isFinite = this::isFinite;

  private final INDArray[] copied = new INDArray[1];
  private final double[] atOnce = {0};

  // What an operation works on. An average works on the same memory again and again, so that the
  // arrays of the last call often are those of the next.
  private HostVector source;
  private HostVector[] targets = new HostVector[1];
  private int targetCount;
  private double[] decays;

  /** Creates a kernel. */
  public HostKernel() {
    this(Loop.HELPERS);
  }

  HostKernel(int helpers) {
    loop = new Loop(helpers);
  }

  /**
   * Whether this kernel can work on an array: it lies in host memory of ND4J's native CPU backend,
   * is of a floating type, and its elements stand densely one after the other.
   *
   * @param array any array
   * @return true if all of that holds
   */
  public static boolean supports(INDArray array) {
    return supports(array, Nd4j.getExecutioner().type());
  }

  static boolean supports(INDArray array, OpExecutioner.ExecutionerType executioner) {
    return executioner == OpExecutioner.ExecutionerType.NATIVE_CPU
        && HostVector.supports(array.dataType())
        && (array.length() == 1 || array.elementWiseStride() == 1);
  }

  @Override
  public boolean lerp(INDArray params, INDArray[] shadows, double[] decays, Chunks ranges) {
    if (targets.length < shadows.length) {
      targets = Arrays.copyOf(targets, shadows.length);
    }
    source = map(source, params, ranges);
    for (int i = 0; i < shadows.length; i++) {
      targets[i] = map(targets[i], shadows[i], ranges);
    }
    targetCount = shadows.length;
    this.decays = decays;
    try {
      return loop.all(ranges, lerp);
    } finally {
      // A HostVector holds bare memory; the arrays must not be freed while it is in use.
      Reference.reachabilityFence(params);
      Reference.reachabilityFence(shadows);
    }
  }

  @Override
  public boolean copy(INDArray from, INDArray to, Chunks ranges) {
    copied[0] = to;
    return lerp(from, copied, atOnce, ranges);
  }

  @Override
  public void swap(INDArray a, INDArray b, Chunks ranges) {
    if (a.dataType() != b.dataType()) {
      throw new IllegalArgumentException(
          "Only arrays of one type can be swapped, but they are %s and %s"
              .formatted(a.dataType(), b.dataType()));
    }
    targets[0] = map(targets[0], a, ranges);
    source = map(source, b, ranges);
    try {
      loop.all(ranges, swap);
    } finally {
      Reference.reachabilityFence(a);
      Reference.reachabilityFence(b);
    }
  }

  @Override
  public boolean isFinite(INDArray array, Chunks ranges) {
    source = map(source, array, ranges);
    try {
      return loop.all(ranges, isFinite);
    } finally {
      Reference.reachabilityFence(array);
    }
  }

  @Override
  public void read(INDArray from, Chunks ranges, double[] to) {
    source = map(source, from, ranges);
    try {
      source.read(ranges, to);
    } finally {
      Reference.reachabilityFence(from);
    }
  }

  @Override
  public void write(double[] from, INDArray to, Chunks ranges) {
    targets[0] = map(targets[0], to, ranges);
    try {
      targets[0].write(from, ranges);
    } finally {
      Reference.reachabilityFence(to);
    }
  }

  private static HostVector map(HostVector last, INDArray array, Chunks ranges) {
    if (array.length() != ranges.length()) {
      throw new IllegalArgumentException(
          "The ranges are of a vector of %d elements, but the array has %d"
              .formatted(ranges.length(), array.length()));
    }
    return last != null && last.maps(array) ? last : HostVector.of(array);
  }

  private boolean lerp(long from, long to, Block block) {
    return source.lerpEach(targets, targetCount, decays, from, to, block);
  }

  private boolean isFinite(long from, long to, Block block) {
    return source.isFinite(from, to, block);
  }

  private boolean swap(long from, long to, Block block) {
    targets[0].swap(source, from, to, block);
    return true;
  }
}
