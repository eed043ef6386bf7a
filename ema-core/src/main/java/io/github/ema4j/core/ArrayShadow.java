// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core;

import io.github.ema4j.core.internal.kernel.AveragingKernel;
import io.github.ema4j.core.internal.kernel.Chunks;
import io.github.ema4j.core.internal.kernel.HostKernel;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** A shadow that is an array of ND4J, on the device where the parameters are. */
final class ArrayShadow implements Shadow {

  private final INDArray array;
  private final Coverage coverage;
  private final Chunks all;
  private final Chunks covered;
  private final Chunks averagedAsTheyAre;
  private final Chunks copied;
  private final LogDeviations deviations;
  private final AveragingKernel kernel;

  // The arguments of the kernel, here so that an update allocates nothing.
  private final INDArray[] shadows;
  private final double[] decays = new double[1];

  // While swapped, what changed places with the parameters: the array, or a copy in their type.
  private INDArray swapped;

  /** Its values are not defined until {@link #set} or {@link #restore}. */
  ArrayShadow(DataType type, INDArray params, Coverage coverage, AveragingKernel kernel) {
    try (MemoryWorkspace ignored = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
      array = Nd4j.createUninitialized(type, params.shape(), params.ordering());
    }
    shadows = new INDArray[] {array};
    this.coverage = coverage;
    all = Chunks.all(array.length());
    covered = coverage.covered().chunks();
    averagedAsTheyAre = coverage.averagedAsTheyAre().chunks();
    copied = coverage.copied().chunks();
    deviations = new LogDeviations(coverage.log10Deviations());
    this.kernel = kernel;
  }

  @Override
  public DataType type() {
    return array.dataType();
  }

  /** Does the arithmetic; it is used by the thread that has locked the average, or for it. */
  AveragingKernel kernel() {
    return kernel;
  }

  @Override
  public boolean set(INDArray params) {
    if (!kernel.isFinite(params, all)) {
      return false;
    }
    kernel.copy(params, array, all);
    kernel.read(params, deviations.chunks(), deviations.params());
    deviations.copy();
    return true;
  }

  @Override
  public boolean restore(INDArray values, double[] variances) {
    if (!kernel.isFinite(values, all)) {
      return false;
    }
    kernel.copy(values, array, all);
    kernel.read(array, deviations.chunks(), deviations.logs());
    deviations.restore(variances);
    return true;
  }

  @Override
  public boolean moveTowards(INDArray params, double decay, boolean allOrNothing) {
    if (allOrNothing && !kernel.isFinite(params, covered)) {
      return false;
    }
    decays[0] = decay;
    boolean finite = kernel.lerp(params, shadows, decays, averagedAsTheyAre);
    return moveRest(params, decay) && finite;
  }

  /** Does what remains after the elements averaged as they are; true if it was finite. */
  boolean moveRest(INDArray params, double decay) {
    boolean finite = kernel.copy(params, array, copied);
    if (!deviations.isEmpty()) {
      kernel.read(params, deviations.chunks(), deviations.params());
      finite &= deviations.move(decay);
      kernel.write(deviations.logs(), array, deviations.chunks());
    }
    return finite;
  }

  @Override
  public boolean movesOnAnyThread() {
    return kernel instanceof HostKernel;
  }

  @Override
  public void refreshLeftOut(INDArray params) {
    kernel.copy(params, array, coverage.leftOut().chunks());
  }

  /** The array itself, which changes with every update. */
  @Override
  public INDArray values() {
    return array;
  }

  @Override
  public double[] variances() {
    return deviations.variances();
  }

  @Override
  public void copyTo(INDArray params) {
    kernel.copy(array, params, covered);
  }

  @Override
  public void swapIn(INDArray params) {
    if (params.dataType() == array.dataType()) {
      swapped = array;
    } else {
      try (MemoryWorkspace ignored = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
        swapped = params.dup();
      }
      kernel.copy(array, swapped, covered);
    }
    kernel.swap(swapped, params, covered);
  }

  @Override
  public void swapOut(INDArray params) {
    kernel.swap(swapped, params, covered);
    if (swapped != array) {
      swapped.close();
    }
    swapped = null;
  }
}
