// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core;

import io.github.ema4j.core.kernel.AveragingKernel;
import io.github.ema4j.core.kernel.Ranges;
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
  private final Ranges ranges;
  private final INDArray params;
  // What changes places with the parameters: the shadow itself, or a copy of it in their type.
  private final INDArray other;
  private boolean open = true;

  Swap(ParameterAverage average, AveragingKernel kernel, Ranges ranges, INDArray params) {
    this.average = average;
    this.kernel = kernel;
    this.ranges = ranges;
    this.params = params;
    INDArray shadow = average.memory();
    if (params.dataType() == shadow.dataType()) {
      other = shadow;
    } else {
      try (MemoryWorkspace ignored = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
        other = params.dup();
      }
      kernel.copy(shadow, other, ranges);
    }
    kernel.swap(other, params, ranges);
  }

  /** Puts the raw values back into the parameters. A second call does nothing. */
  @Override
  public void close() {
    synchronized (average) {
      if (!open) {
        return;
      }
      open = false;
      kernel.swap(other, params, ranges);
      if (other != average.memory()) {
        other.close();
      }
      average.ended(this);
    }
  }
}
