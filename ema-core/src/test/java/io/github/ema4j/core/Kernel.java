// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core;

import io.github.ema4j.core.internal.kernel.AveragingKernel;
import io.github.ema4j.core.internal.kernel.HostKernel;
import io.github.ema4j.core.internal.kernel.Nd4jKernel;
import java.util.function.Supplier;
import org.nd4j.linalg.api.ndarray.INDArray;

/** What does an average's arithmetic, for tests that hold whichever it is. */
enum Kernel {
  HOST(HostKernel::new),
  ND4J(Nd4jKernel::new);

  private final Supplier<AveragingKernel> constructor;

  Kernel(Supplier<AveragingKernel> constructor) {
    this.constructor = constructor;
  }

  ParameterAverage average(AveragingConfig config, INDArray start) {
    return average(config, start, Coverage.all(start.length()));
  }

  ParameterAverage average(AveragingConfig config, INDArray start, Coverage coverage) {
    return new ParameterAverage(config, start, coverage, params -> constructor.get());
  }
}
