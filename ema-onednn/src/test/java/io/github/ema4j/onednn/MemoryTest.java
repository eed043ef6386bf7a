// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.onednn;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.WorkspaceMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.dataset.DataSet;

/** Training allocates nothing that stays. */
@WithOneDnn
class MemoryTest {

  private static final int STEPS = 2000;

  /** A leak of 16 KB at each step would pass this. */
  private static final long SLACK = 32 << 20;

  @ParameterizedTest
  @CsvSource({"NORMALIZED, ENABLED", "RESIDUAL, ENABLED", "LENET, NONE"})
  void nothingGrowsInThousandsOfSteps(TestNetworks kind, WorkspaceMode workspaces)
      throws InterruptedException {
    Model network = kind.create(workspaces);
    TestNetworks.accelerate(network);
    List<DataSet> batches = TestNetworks.batches(3);
    train(network, batches, STEPS / 10);
    long tracked = leastOf(Pointer::totalBytes);
    long pointers = leastOf(Pointer::totalCount);
    long resident = leastOf(MemoryTest::residentOutsideOfTheHeap);
    train(network, batches, STEPS);
    assertStays("bytes of JavaCPP", tracked, leastOf(Pointer::totalBytes), 1 << 20);
    assertStays("pointers of JavaCPP", pointers, leastOf(Pointer::totalCount), STEPS / 4);
    assertStays("resident memory", resident, leastOf(MemoryTest::residentOutsideOfTheHeap), SLACK);
  }

  private static void train(Model network, List<DataSet> batches, int steps) {
    for (int step = 0; step < steps; step++) {
      TestNetworks.fit(network, batches.get(step % batches.size()));
    }
  }

  private static long residentOutsideOfTheHeap() {
    return Pointer.physicalBytes() - Runtime.getRuntime().totalMemory();
  }

  private static void assertStays(String what, long before, long after, long slack) {
    assertTrue(after <= before + slack, () -> what + " grew from " + before + " to " + after);
  }

  private interface Gauge {
    long read();
  }

  /** Memory is given back some time after the collector has found it: the least of a while. */
  private static long leastOf(Gauge gauge) throws InterruptedException {
    long least = Long.MAX_VALUE;
    for (int i = 0; i < 10; i++) {
      System.gc();
      Thread.sleep(50);
      least = Math.min(least, gauge.read());
    }
    return least;
  }
}
