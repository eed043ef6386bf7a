// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.benchmarks.section;

import io.github.ema4j.benchmarks.harness.Comparer;
import io.github.ema4j.benchmarks.harness.Comparison;
import io.github.ema4j.benchmarks.harness.Format;
import io.github.ema4j.benchmarks.harness.Machine;
import io.github.ema4j.benchmarks.harness.MarkdownTable;
import io.github.ema4j.benchmarks.harness.Variant;
import io.github.ema4j.benchmarks.harness.Worker;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What does it cost to evaluate the averaged weights, by swap, on the live view, on a copy? */
final class EvaluationSection implements Section {

  private static final Map<String, String> WAYS = new LinkedHashMap<>();

  static {
    WAYS.put("raw", "raw weights");
    WAYS.put("swap", "average, by swap");
    WAYS.put("view", "average, on the live view");
    WAYS.put("copy", "average, on a copy");
  }

  @Override
  public String name() {
    return "evaluation";
  }

  @Override
  public void run(Bench bench) {
    String load = Machine.load();
    try (Worker worker = bench.workers().java(Machine.cores())) {
      long parameters =
          Long.parseLong(worker.ask("scene", "evaluation", bench.effort().networks() ? 3000 : 500));
      List<Variant> variants =
          WAYS.entrySet().stream()
              .map(way -> new Variant(way.getValue(), worker, way.getKey(), Machine.cores(), 0))
              .toList();
      Comparison comparison = new Comparer(bench.effort()).compare(variants);
      MarkdownTable table =
          new MarkdownTable("Evaluation of", "ms", "quartiles", "time ÷ raw", "peak memory, MB");
      for (Variant variant : variants) {
        table.row(
            variant.label(),
            Format.ms(comparison.nanos(variant).median()),
            Format.quartiles(comparison.nanos(variant)),
            Format.ratio(comparison.ratio(variant, variants.get(0))),
            Format.megabytes(Double.parseDouble(worker.ask("memory", variant.operation()))));
      }
      String title =
          "Evaluation of 256 examples by an MLP of %d parameters (%s MB)"
              .formatted(parameters, Format.megabytes(4.0 * parameters));
      bench
          .report()
          .table(
              title, load, comparison.quality() + "; %d threads".formatted(Machine.cores()), table);
      bench.report().samples(title, comparison);
    }
  }
}
