// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.benchmarks.section;

import io.github.ema4j.benchmarks.harness.Comparison;
import io.github.ema4j.benchmarks.harness.Format;
import io.github.ema4j.benchmarks.harness.Variant;
import io.github.ema4j.benchmarks.harness.Workers;
import java.util.ArrayList;
import java.util.List;

/** How long does it take to exchange parameters and averages? */
final class SwapSection implements Section {

  /** Both arrays read and written: 4 bytes each. */
  private static final int BYTES = 16;

  @Override
  public String name() {
    return "swap";
  }

  @Override
  public void run(Bench bench) {
    try (Fleet fleet = new Fleet(bench.workers(), Workers.threadCounts(), false)) {
      for (long size : bench.sizes()) {
        fleet.arrays(size);
        List<Variant> variants = new ArrayList<>(fleet.java("EMA4J", "swap", BYTES));
        List<Variant> ceiling = fleet.ceiling("C loop", "swap", BYTES);
        List<Variant> aligned = fleet.alignedCeiling("C loop", "swap", BYTES);
        List<Variant> nd4j = fleet.java("ND4J, three `assign`s", "nd4j-swap", BYTES);
        ceiling.forEach(variant -> variant.verify(0.5));
        aligned.forEach(variant -> variant.verify(0.5));
        nd4j.forEach(variant -> variant.verify(0.5));
        variants.addAll(ceiling);
        variants.addAll(aligned);
        variants.addAll(nd4j);
        Comparison comparison =
            bench.compare(
                "Swap, %s parameters".formatted(Format.size(size)), size, variants, fleet);
        comparison
            .fastest(ceiling::contains)
            .ifPresent(
                fastest ->
                    bench
                        .report()
                        .atMost(
                            "Swap ÷ C loop at " + Format.size(size),
                            comparison.ratio(variants.get(0), fastest).median(),
                            1.2));
      }
    }
  }
}
