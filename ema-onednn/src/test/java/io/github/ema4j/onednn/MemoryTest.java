// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.onednn;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.function.LongSupplier;
import org.bytedeco.javacpp.Pointer;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.WorkspaceMode;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.dataset.DataSet;

/**
 * Training allocates nothing that stays. What leaks grows in every stretch of steps; the memory of
 * a process also grows at times for other reasons, in some of them.
 */
@WithOneDnn
@Tag("slow")
class MemoryTest {

  private static final int STRETCHES = 4;
  private static final int STEPS = 400;

  @ParameterizedTest
  @CsvSource({"NORMALIZED, ENABLED", "LENET, NONE"})
  void nothingGrowsInEveryStretchOfSteps(TestNetworks kind, WorkspaceMode workspaces)
      throws InterruptedException {
    Model network = kind.create(workspaces);
    TestNetworks.accelerate(network);
    List<DataSet> batches = TestNetworks.batches(3);
    train(network, batches);
    Gauge tracked = new Gauge("bytes of JavaCPP", Pointer::totalBytes);
    Gauge pointers = new Gauge("pointers of JavaCPP", Pointer::totalCount);
    Gauge resident = new Gauge("resident memory", MemoryTest::residentOutsideOfTheHeap);
    for (int stretch = 0; stretch <= STRETCHES; stretch++) {
      if (stretch > 0) {
        train(network, batches);
      }
      // Memory is given back some time after the collector has found it.
      for (int i = 0; i < 5; i++) {
        System.gc();
        Thread.sleep(30);
        for (Gauge gauge : List.of(tracked, pointers, resident)) {
          gauge.read(stretch);
        }
      }
    }
    tracked.assertLeastGrowth(64L * STEPS);
    pointers.assertLeastGrowth(STEPS / 4);
    resident.assertLeastGrowth(4096L * STEPS);
  }

  private static void train(Model network, List<DataSet> batches) {
    for (int step = 0; step < STEPS; step++) {
      TestNetworks.fit(network, batches.get(step % batches.size()));
    }
  }

  private static long residentOutsideOfTheHeap() {
    return Pointer.physicalBytes() - Runtime.getRuntime().totalMemory();
  }

  /** The least that was read after each stretch. */
  private static final class Gauge {
    private final String name;
    private final LongSupplier source;
    private final long[] least = new long[STRETCHES + 1];

    Gauge(String name, LongSupplier source) {
      this.name = name;
      this.source = source;
      Arrays.fill(least, Long.MAX_VALUE);
    }

    void read(int stretch) {
      least[stretch] = Math.min(least[stretch], source.getAsLong());
    }

    void assertLeastGrowth(long limit) {
      long growth = Long.MAX_VALUE;
      for (int i = 0; i < STRETCHES; i++) {
        growth = Math.min(growth, least[i + 1] - least[i]);
      }
      long leastGrowth = growth;
      assertTrue(
          leastGrowth <= limit,
          () -> name + ": " + Arrays.toString(least) + ", in each of " + STEPS + " steps");
    }
  }
}
