// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.management.ThreadMXBean;
import io.github.ema4j.core.schedule.DecaySchedule;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Once compiled, updates make no garbage. */
class AllocationTest {
  @Test
  void anUpdateAllocatesNothing() {
    INDArray params = Nd4j.rand(DataType.FLOAT, 1, 1_200_000);
    AveragingConfig config =
        AveragingConfig.builder().schedule(DecaySchedule.inversePower(0.9999)).build();
    ParameterAverage average = new ParameterAverage(config, params);
    assertEquals(0, fewestBytes(() -> average.update(params)));
  }

  @Test
  void neitherDoesOneOfAGroup() {
    INDArray params = Nd4j.rand(DataType.FLOAT, 1, 600_000);
    AverageGroup group =
        AverageGroup.of(
            new ParameterAverage(AveragingConfig.of(0.999), params),
            new ParameterAverage(AveragingConfig.of(0.99), params));
    assertEquals(0, fewestBytes(() -> group.update(params)));
  }

  /**
   * The least that one update allocated. Interpreted and half compiled code allocates what the
   * final one does not, and the common pool may start a thread at any time; an allocation of the
   * update's own would be there every time.
   */
  private static long fewestBytes(Runnable update) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long deadline = System.nanoTime() + 60_000_000_000L;
    long bytes;
    do {
      long before = threads.getCurrentThreadAllocatedBytes();
      update.run();
      bytes = threads.getCurrentThreadAllocatedBytes() - before;
    } while (bytes > 0 && System.nanoTime() < deadline);
    return bytes;
  }
}
