// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.benchmarks.section;

import io.github.ema4j.benchmarks.harness.Comparison;
import io.github.ema4j.benchmarks.harness.Format;
import io.github.ema4j.benchmarks.harness.Variant;
import io.github.ema4j.benchmarks.harness.Workers;
import java.util.ArrayList;
import java.util.List;

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
    Variant checked = new Variant("EMA4J", fleet.java(1), "update", 1, UpdateSection.BYTES);
    Variant unchecked =
        new Variant(
            "the same loop without the check", fleet.java(1), "unchecked", 1, UpdateSection.BYTES);
    unchecked.verify(UpdateSection.EXPECTED);
    Comparison comparison =
        bench.compare(
            "Update with and without finite check, %s parameters".formatted(Format.size(size)),
            size,
            List.of(checked, unchecked),
            fleet);
    if (size >= 20_000_000) {
      bench
          .report()
          .atMost(
              "Update with ÷ without finite check at " + Format.size(size),
              comparison.ratio(checked, unchecked).median(),
              1.1);
    }
  }
}
