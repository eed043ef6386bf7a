// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.benchmarks.section;

import io.github.ema4j.benchmarks.harness.Format;
import io.github.ema4j.benchmarks.harness.Machine;
import io.github.ema4j.benchmarks.harness.MarkdownTable;
import io.github.ema4j.benchmarks.harness.Worker;
import io.github.ema4j.benchmarks.jmh.AllocationRun;
import java.util.LinkedHashMap;
import java.util.Map;

/** How much memory does an update or a swap need beside parameters and shadow? */
final class MemorySection implements Section {

  private static final int CALLS = 20;

  private static final Map<String, String> OPERATIONS = new LinkedHashMap<>();

  static {
    OPERATIONS.put("update", "EMA4J update");
    OPERATIONS.put("swap", "EMA4J swap and back");
    OPERATIONS.put("nd4j-naive", "ND4J `e.muli(d).addi(p.mul(1-d))`");
    OPERATIONS.put("nd4j-in-place", "ND4J `e.subi(p).muli(d).addi(p)`");
  }

  @Override
  public String name() {
    return "memory";
  }

  @Override
  public void run(Bench bench) {
    long size = bench.sizeUpTo(25_600_000);
    perCall(bench, size);
    bench
        .report()
        .table(
            "Allocation measured by JMH",
            Machine.load(),
            "Average time and gc.alloc.rate.norm of the whole JVM, JMH's own work included; "
                + "parameters in steps of "
                + Format.size(size),
            AllocationRun.table(bench.effort(), size));
  }

  private static void perCall(Bench bench, long size) {
    String load = Machine.load();
    MarkdownTable table =
        new MarkdownTable("Operation", "heap, bytes per call", "peak of the process, MB");
    try (Worker worker = bench.workers().java(Machine.cores())) {
      worker.ask("arrays", size);
      OPERATIONS.forEach(
          (operation, label) -> {
            worker.ask("run", operation, Machine.cores(), CALLS);
            double heap = Double.parseDouble(worker.ask("allocated", operation, CALLS)) / CALLS;
            double peak = Double.parseDouble(worker.ask("memory", operation));
            table.row(label, Format.digits(heap), Format.megabytes(peak));
            if (operation.equals("update")) {
              bench.report().atMost("Bytes of heap allocated per update", heap, 0);
            }
          });
    }
    bench
        .report()
        .table(
            "Memory per call, %s parameters (%s MB)"
                .formatted(Format.size(size), Format.megabytes(size * 4.0)),
            load,
            "Heap: of the calling thread, mean of %d calls. Peak: growth of resident memory during"
                    .formatted(CALLS)
                + " a call. Medians of five",
            table);
  }
}
