// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.benchmarks.section;

import io.github.ema4j.benchmarks.harness.Comparison;
import io.github.ema4j.benchmarks.harness.Format;
import io.github.ema4j.benchmarks.harness.Variant;
import io.github.ema4j.benchmarks.harness.Worker;
import io.github.ema4j.benchmarks.harness.Workers;
import java.util.List;
import java.util.stream.Stream;

/** What does it save to update several averages of the same parameters in one pass? */
final class GroupSection implements Section {

  /** Parameters read once, four shadows read and written: 4 bytes each. */
  private static final int GROUP_BYTES = 36;

  @Override
  public String name() {
    return "group";
  }

  @Override
  public void run(Bench bench) {
    for (long size : Stream.of(1_000_000L, 25_600_000L).map(bench::sizeUpTo).distinct().toList()) {
      for (int threads : Workers.threadCounts()) {
        measure(bench, size, threads);
      }
    }
  }

  private static void measure(Bench bench, long size, int threads) {
    try (Worker worker = bench.workers().java(threads)) {
      worker.ask("scene", "group", size);
      Variant separate =
          new Variant("one after the other", worker, "separate", threads, 4 * UpdateSection.BYTES);
      Variant group = new Variant("AverageGroup", worker, "group", threads, GROUP_BYTES);
      Comparison comparison =
          bench.compare(
              "Four averages of %s parameters, %d threads".formatted(Format.size(size), threads),
              size,
              List.of(separate, group));
      bench
          .report()
          .atMost(
              "Four averages in one pass ÷ one after the other at %s, %d threads"
                  .formatted(Format.size(size), threads),
              comparison.ratio(group, separate).median(),
              0.85);
    }
  }
}
