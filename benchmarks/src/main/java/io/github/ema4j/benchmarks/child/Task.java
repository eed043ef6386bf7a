// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.benchmarks.child;

import org.nd4j.linalg.factory.Nd4j;

/** Something that can be done again and again, and knows how long it took. */
@FunctionalInterface
interface Task {

  /** Does it once; returns nanoseconds. */
  long run();

  /** A task that takes as long as its work, including what the device still has to do. */
  static Task timed(Runnable work) {
    return () -> {
      long start = System.nanoTime();
      work.run();
      Nd4j.getExecutioner().commit(); // CUDA only queues operations; returns at once on a CPU
      return System.nanoTime() - start;
    };
  }
}
