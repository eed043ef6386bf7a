// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core;

import io.github.ema4j.core.kernel.AveragingKernel;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The time during which averaged values stand in the parameters. Made by {@link
 * ParameterAverage#swap}; use it in a try-with-resources statement:
 *
 * <pre>{@code
 * try (Swap swap = average.swap(params)) {
 *   // params are the averaged values here
 * }
 * }</pre>
 *
 * <p>Do not write to the parameters meanwhile.
 */
public final class Swap implements AutoCloseable {

  private final ParameterAverage average;
  private final AveragingKernel kernel;
  private final INDArray params;
  // The raw parameters, where their type differs from the shadow's and no exchange is possible.
  private final INDArray backup;
  private boolean open = true;

  Swap(ParameterAverage average, AveragingKernel kernel, INDArray params) {
    this.average = average;
    this.kernel = kernel;
    this.params = params;
    INDArray shadow = average.memory();
    if (params.dataType() == shadow.dataType()) {
      backup = null;
      kernel.swap(shadow, params);
    } else {
      try (MemoryWorkspace ignored = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
        backup = params.dup();
      }
      kernel.copy(shadow, params);
    }
  }

  /** Puts the raw values back into the parameters. A second call does nothing. */
  @Override
  public void close() {
    synchronized (average) {
      if (!open) {
        return;
      }
      open = false;
      if (backup == null) {
        kernel.swap(average.memory(), params);
      } else {
        kernel.copy(backup, params);
        backup.close();
      }
      average.ended(this);
    }
  }
}
