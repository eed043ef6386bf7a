// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core;

import io.github.ema4j.core.internal.kernel.Chunks;
import io.github.ema4j.core.internal.kernel.HostMemory;
import io.github.ema4j.core.internal.kernel.HostMemoryKernel;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A shadow in host memory, whatever the device of the parameters. An update first copies these into
 * a transfer buffer; the arithmetic can then go on in the background while training does. During a
 * swap, the buffer keeps the raw parameters.
 */
final class HostShadow implements Shadow {

  private final HostMemory shadow;
  private final HostMemory transfer;
  private final long[] shape;
  private final char ordering;
  private final Coverage coverage;
  private final Chunks all;
  private final Chunks covered;
  private final Chunks averagedAsTheyAre;
  private final Chunks copied;
  private final LogDeviations deviations;
  private final HostMemoryKernel kernel = new HostMemoryKernel();
  private final Background background;

  /** Its values are not defined until {@link #set} or {@link #restore}. */
  HostShadow(DataType type, INDArray params, Coverage coverage, Background background) {
    shadow = new HostMemory(type, params.length());
    transfer = new HostMemory(params.dataType(), params.length());
    shape = params.shape();
    ordering = params.ordering();
    this.coverage = coverage;
    all = Chunks.all(params.length());
    covered = coverage.covered().chunks();
    averagedAsTheyAre = coverage.averagedAsTheyAre().chunks();
    copied = coverage.copied().chunks();
    deviations = new LogDeviations(coverage.log10Deviations());
    this.background = background;
  }

  @Override
  public DataType type() {
    return shadow.type();
  }

  @Override
  public boolean set(INDArray params) {
    background.await();
    if (!kernel.fetch(params, transfer, all)) {
      return false;
    }
    kernel.lerp(transfer, shadow, 0, all);
    kernel.read(transfer, deviations.chunks(), deviations.params());
    deviations.copy();
    return true;
  }

  @Override
  public boolean restore(INDArray values, double[] variances) {
    background.await();
    if (!kernel.fetch(values, shadow, all)) {
      return false;
    }
    kernel.read(shadow, deviations.chunks(), deviations.logs());
    deviations.restore(variances);
    return true;
  }

  @Override
  public boolean moveTowards(INDArray params, double decay, boolean allOrNothing) {
    background.await();
    boolean finite = kernel.fetch(params, transfer, covered);
    if (finite || !allOrNothing) {
      background.run(() -> apply(decay));
    }
    return finite;
  }

  private void apply(double decay) {
    kernel.lerp(transfer, shadow, decay, averagedAsTheyAre);
    kernel.lerp(transfer, shadow, 0, copied);
    if (!deviations.isEmpty()) {
      kernel.read(transfer, deviations.chunks(), deviations.params());
      deviations.move(decay);
      kernel.write(deviations.logs(), shadow, deviations.chunks());
    }
  }

  /** The device has to be waited for first, and then there is {@code inBackground}. */
  @Override
  public boolean movesOnAnyThread() {
    return false;
  }

  @Override
  public void refreshLeftOut(INDArray params) {
    background.await();
    kernel.fetch(params, transfer, coverage.leftOut().chunks());
    kernel.lerp(transfer, shadow, 0, coverage.leftOut().chunks());
  }

  /** A copy on the device. */
  @Override
  public INDArray values() {
    background.await();
    INDArray values;
    try (MemoryWorkspace ignored = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
      values = Nd4j.createUninitialized(shadow.type(), shape, ordering);
    }
    kernel.put(shadow, values, all);
    return values;
  }

  @Override
  public double[] variances() {
    background.await();
    return deviations.variances();
  }

  @Override
  public void copyTo(INDArray params) {
    background.await();
    kernel.put(shadow, params, covered);
  }

  @Override
  public void swapIn(INDArray params) {
    background.await();
    kernel.fetch(params, transfer, covered);
    kernel.put(shadow, params, covered);
  }

  @Override
  public void swapOut(INDArray params) {
    kernel.put(transfer, params, covered);
  }
}
