// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.benchmarks.section;

import io.github.ema4j.benchmarks.harness.Format;
import io.github.ema4j.benchmarks.harness.Variant;
import io.github.ema4j.benchmarks.harness.Workers;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** How does the time of an update fall with the number of threads? */
final class ThreadsSection implements Section {

  @Override
  public String name() {
    return "threads";
  }

  @Override
  public void run(Bench bench) {
    try (Fleet fleet = new Fleet(bench.workers(), Workers.threadScale(), false)) {
      for (long size :
          Stream.of(1_000_000L, 25_600_000L).map(bench::sizeUpTo).distinct().toList()) {
        fleet.arrays(size);
        List<Variant> variants =
            new ArrayList<>(fleet.java("EMA4J", "update", UpdateSection.BYTES));
        variants.addAll(fleet.ceiling("C loop", "lerp", UpdateSection.BYTES));
        bench.compare(
            "Update by number of threads, %s parameters".formatted(Format.size(size)),
            size,
            variants);
      }
    }
  }
}
