// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.benchmarks.section;

import io.github.ema4j.benchmarks.harness.Comparison;
import io.github.ema4j.benchmarks.harness.Format;
import io.github.ema4j.benchmarks.harness.Variant;
import io.github.ema4j.benchmarks.harness.Workers;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** What does it cost that NaN and infinities never enter the average? */
final class FiniteSection implements Section {

  @Override
  public String name() {
    return "finite";
  }

  @Override
  public void run(Bench bench) {
    try (Fleet fleet = new Fleet(bench.workers(), Workers.threadCounts(), false)) {
      for (long size : bench.sizes()) {
        fleet.arrays(size);
        check(bench, fleet, size);
        asPartOfAnUpdate(bench, fleet, size);
      }
    }
  }

  private static void check(Bench bench, Fleet fleet, long size) {
    List<Variant> variants = new ArrayList<>(fleet.java("EMA4J", "finite", 4));
    variants.addAll(fleet.ceiling("C loop", "finite", 4));
    variants.addAll(fleet.java("ND4J norm1", "nd4j-finite", 4));
    bench.compare(
        "Finite check alone, %s parameters".formatted(Format.size(size)), size, variants, fleet);
  }

  private static void asPartOfAnUpdate(Bench bench, Fleet fleet, long size) {
    List<Variant> checked = fleet.java("EMA4J", "update", UpdateSection.BYTES);
    List<Variant> unchecked =
        fleet.java("the same loop without the check", "unchecked", UpdateSection.BYTES);
    unchecked.forEach(variant -> variant.verify(UpdateSection.EXPECTED));
    Comparison comparison =
        bench.compare(
            "Update with and without finite check, %s parameters".formatted(Format.size(size)),
            size,
            Stream.concat(checked.stream(), unchecked.stream()).toList(),
            fleet);
    if (size >= 20_000_000) {
      for (int i = 0; i < checked.size(); i++) {
        bench
            .report()
            .atMost(
                "Update with ÷ without finite check at %s, threads: %d"
                    .formatted(Format.size(size), checked.get(i).threads()),
                comparison.ratio(checked.get(i), unchecked.get(i)).median(),
                1.1);
      }
    }
  }
}
