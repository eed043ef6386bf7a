// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.benchmarks.section;

import io.github.ema4j.benchmarks.harness.Comparer;
import io.github.ema4j.benchmarks.harness.Comparison;
import io.github.ema4j.benchmarks.harness.Effort;
import io.github.ema4j.benchmarks.harness.Format;
import io.github.ema4j.benchmarks.harness.Machine;
import io.github.ema4j.benchmarks.harness.MarkdownTable;
import io.github.ema4j.benchmarks.harness.Report;
import io.github.ema4j.benchmarks.harness.Statistics;
import io.github.ema4j.benchmarks.harness.Variant;
import io.github.ema4j.benchmarks.harness.Workers;
import java.util.List;

/**
 * What the sections share.
 *
 * @param effort how long to measure
 * @param workers starts the processes that are measured
 * @param report receives the tables
 */
public record Bench(Effort effort, Workers workers, Report report) {

  /** The memory that the workers of one table hold together, per parameter: bytes. */
  private static final long BYTES_PER_PARAMETER = 17 * Float.BYTES;

  /** Measures variants side by side; the table's last column divides by the first of them. */
  Comparison compare(String title, long parameters, List<Variant> variants) {
    String load = Machine.load();
    return report(title, load, parameters, variants, new Comparer(effort).compare(variants));
  }

  /** The same with the processes of a fleet, which are replaced from time to time. */
  Comparison compare(String title, long parameters, List<Variant> variants, Fleet fleet) {
    String load = Machine.load();
    Comparison comparison = new Comparer(effort).compare(variants, fleet::renew);
    return report(title, load, parameters, variants, comparison);
  }

  private Comparison report(
      String title, String load, long parameters, List<Variant> variants, Comparison comparison) {
    MarkdownTable table =
        new MarkdownTable(
            "Variant",
            "threads",
            "ms",
            "quartiles",
            "best",
            "ns/parameter",
            "GB/s",
            "time ÷ first row");
    for (Variant variant : variants) {
      Statistics nanos = comparison.nanos(variant);
      table.row(
          variant.label(),
          variant.threads(),
          Format.ms(nanos.median()),
          Format.quartiles(nanos),
          Format.ms(nanos.best()),
          Format.digits(nanos.median() / parameters),
          variant.bytes() == 0 ? "–" : Format.digits(variant.bytes() * parameters / nanos.median()),
          Format.ratio(comparison.ratio(variant, variants.get(0))));
    }
    report.table(title, load, comparison.quality(), table);
    report.samples(title, comparison);
    return comparison;
  }

  /** Sizes for which there is memory enough; says which are left out. */
  List<Long> sizes() {
    return effort.sizes().stream()
        .filter(
            size -> {
              boolean fits = size * BYTES_PER_PARAMETER < 0.8 * Machine.availableMemory();
              if (!fits) {
                report.note(
                    "Left out: %s parameters, for which there is too little memory."
                        .formatted(Format.size(size)));
              }
              return fits;
            })
        .toList();
  }

  /** The largest size up to a limit, or the smallest of all. */
  long sizeUpTo(long limit) {
    List<Long> sizes = effort.sizes();
    return sizes.stream()
        .filter(size -> size <= limit)
        .max(Long::compare)
        .orElseGet(() -> sizes.stream().min(Long::compare).orElseThrow());
  }
}
