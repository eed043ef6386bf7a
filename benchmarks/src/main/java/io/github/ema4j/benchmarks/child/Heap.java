// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.benchmarks.child;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.stream.LongStream;

/** What a task allocates on the heap. */
final class Heap {

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private Heap() {}

  /**
   * Bytes that this thread allocates in a number of calls, beyond what asking for it takes; median
   * of five, since a call in which the compiler changes its mind is interpreted in part.
   */
  static long allocated(Task task, int calls) {
    task.run();
    long own = measure(task, 0);
    long[] bytes =
        LongStream.generate(() -> measure(task, calls) - own).limit(5).sorted().toArray();
    return Math.max(0, bytes[2]);
  }

  private static long measure(Task task, int calls) {
    long before = THREADS.getCurrentThreadAllocatedBytes();
    for (int i = 0; i < calls; i++) {
      task.run();
    }
    return THREADS.getCurrentThreadAllocatedBytes() - before;
  }
}
