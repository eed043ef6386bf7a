// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.benchmarks.section;

import io.github.ema4j.benchmarks.harness.Comparison;
import io.github.ema4j.benchmarks.harness.Format;
import io.github.ema4j.benchmarks.harness.Machine;
import io.github.ema4j.benchmarks.harness.MarkdownTable;
import io.github.ema4j.benchmarks.harness.Variant;
import io.github.ema4j.benchmarks.harness.Workers;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How long does one update of an average take, against plain ND4J, PyTorch and what the memory
 * allows?
 */
final class UpdateSection implements Section {

  /** Shadow read and written, parameters read: 4 bytes each. */
  static final int BYTES = 12;

  /** Every element after one update of a shadow of ones with halves at decay 0.9999. */
  static final double EXPECTED = 0.99995;

  /** At this size and above the arrays are in main memory, at a million and below in a cache. */
  private static final long IN_MEMORY = 20_000_000;

  private static final long IN_CACHE = 1_000_000;

  @Override
  public String name() {
    return "update";
  }

  @Override
  public void run(Bench bench) {
    Map<Long, Double> nanosPerParameter = new LinkedHashMap<>();
    try (Fleet fleet = new Fleet(bench.workers(), Workers.threadCounts(), true)) {
      for (long size : bench.sizes()) {
        fleet.arrays(size);
        List<Variant> updates = updates(fleet);
        updates.forEach(variant -> variant.verify(EXPECTED));
        List<Variant> all = new ArrayList<>(updates);
        all.addAll(fleet.ceiling("C memcpy", "copy", 8));
        Comparison comparison =
            bench.compare("Update, %s parameters".formatted(Format.size(size)), size, all, fleet);
        targets(bench, size, comparison);
        nanosPerParameter.put(size, comparison.nanos(all.get(0)).median() / size);
      }
    }
    linearity(bench, nanosPerParameter);
  }

  private static List<Variant> updates(Fleet fleet) {
    List<Variant> variants = new ArrayList<>(fleet.java("EMA4J", "update", BYTES));
    variants.addAll(fleet.ceiling("C loop", "lerp", BYTES));
    variants.addAll(fleet.alignedCeiling("C loop", "lerp", BYTES));
    variants.addAll(fleet.java("ND4J `e.muli(d).addi(p.mul(1-d))`", "nd4j-naive", BYTES));
    variants.addAll(fleet.java("ND4J `p.sub(e, tmp)`, Axpy", "nd4j-sub-axpy", BYTES));
    variants.addAll(fleet.java("ND4J `e.muli(d)`, Axpy", "nd4j-mul-axpy", BYTES));
    variants.addAll(fleet.java("ND4J `e.subi(p).muli(d).addi(p)`", "nd4j-in-place", BYTES));
    variants.addAll(fleet.torchUpdates(BYTES));
    return variants;
  }

  private static void targets(Bench bench, long size, Comparison comparison) {
    Variant ours = comparison.variants().get(0);
    String at = " at " + Format.size(size);
    if (size >= IN_MEMORY) {
      comparison
          .fastest(variant -> variant.operation().equals("lerp"))
          .ifPresent(
              ceiling ->
                  bench
                      .report()
                      .atMost(
                          "Update ÷ C loop" + at, comparison.ratio(ours, ceiling).median(), 1.15));
      fastestTorch(comparison)
          .ifPresent(
              torch ->
                  bench
                      .report()
                      .atLeast(
                          "Fastest PyTorch ÷ update" + at,
                          comparison.ratio(torch, ours).median(),
                          1.3));
    }
    if (size <= IN_CACHE) {
      fastestTorch(comparison)
          .ifPresent(
              torch ->
                  bench
                      .report()
                      .atMost(
                          "Update ÷ fastest PyTorch" + at,
                          comparison.ratio(ours, torch).median(),
                          1.1));
      comparison
          .fastest(variant -> variant.operation().equals("lerp_"))
          .ifPresent(
              lerp ->
                  bench
                      .report()
                      .atLeast(
                          "PyTorch lerp_ ÷ update" + at, comparison.ratio(lerp, ours).median(), 3));
    }
  }

  static Optional<Variant> fastestTorch(Comparison comparison) {
    return comparison.fastest(variant -> variant.label().startsWith("PyTorch"));
  }

  private static void linearity(Bench bench, Map<Long, Double> nanosPerParameter) {
    if (nanosPerParameter.size() < 2) {
      return;
    }
    MarkdownTable table = new MarkdownTable("Parameters", "ns/parameter");
    nanosPerParameter.forEach((size, nanos) -> table.row(Format.size(size), Format.digits(nanos)));
    bench
        .report()
        .table(
            "Time per parameter",
            Machine.load(),
            "The first rows of the tables above: constant where the arrays no longer fit into the"
                + " cache",
            table);
    List<Double> inMemory =
        nanosPerParameter.entrySet().stream()
            .filter(entry -> entry.getKey() >= IN_MEMORY)
            .map(Map.Entry::getValue)
            .toList();
    if (inMemory.size() > 1) {
      bench
          .report()
          .atMost(
              "Time per parameter, largest ÷ smallest size in memory",
              inMemory.get(inMemory.size() - 1) / inMemory.get(0),
              1.25);
    }
  }
}
