// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.parallel;

import java.lang.reflect.Proxy;
import org.deeplearning4j.optimize.solvers.accumulation.GradientsAccumulator;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Where the workers of SHARED_GRADIENTS mode wait for each other's gradients. A broken-off round
 * would leave Deeplearning4j's accumulator waiting forever: {@link #breakOff} wakes every waiter
 * with an exception, and no further fit may begin. Safe for use by several threads.
 */
final class Exchange {

  private final GradientsAccumulator accumulator; // null in AVERAGING mode
  private volatile Throwable failure;

  Exchange(GradientsAccumulator accumulator) {
    this.accumulator = accumulator;
  }

  /** Ends the waiting of all workers, with the given cause. */
  void breakOff(Throwable cause) {
    if (accumulator == null) {
      return;
    }
    failure = cause;
    IllegalStateException told =
        new IllegalStateException("The exchange of gradients was broken off", cause);
    // An accumulator ends all waiting after an exception of its own only: an array that throws
    // whatever is asked of it makes this one its own.
    INDArray throwing =
        (INDArray)
            Proxy.newProxyInstance(
                Exchange.class.getClassLoader(),
                new Class<?>[] {INDArray.class},
                (proxy, method, arguments) -> {
                  throw told;
                });
    try {
      accumulator.applyUpdate(null, null, throwing, false);
    } catch (RuntimeException e) {
      if (e.getCause() != told) {
        throw e;
      }
    }
  }

  void requireUnbroken() {
    if (failure != null) {
      throw new IllegalStateException(
          "A fit in SHARED_GRADIENTS mode was broken off, after which Deeplearning4j's accumulator of gradients is of no more use: build a new ParallelWrapper",
          failure);
    }
  }
}
