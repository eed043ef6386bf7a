// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.benchmarks.section;

import io.github.ema4j.benchmarks.harness.Comparer;
import io.github.ema4j.benchmarks.harness.Comparison;
import io.github.ema4j.benchmarks.harness.Format;
import io.github.ema4j.benchmarks.harness.Machine;
import io.github.ema4j.benchmarks.harness.MarkdownTable;
import io.github.ema4j.benchmarks.harness.Variant;
import io.github.ema4j.benchmarks.harness.Worker;
import java.util.ArrayList;
import java.util.List;

/** Does it matter into how many layers the parameters are divided? */
final class LayersSection implements Section {

  @Override
  public String name() {
    return "layers";
  }

  @Override
  public void run(Bench bench) {
    long size = bench.sizeUpTo(1_000_000);
    String load = Machine.load();
    try (Worker worker = bench.workers().java(Machine.cores())) {
      List<Variant> variants = new ArrayList<>();
      List<Long> parameters = new ArrayList<>();
      String[] networks = worker.ask("scene", "layers", size).split(" ");
      for (String layers : List.of("1", "10", "100")) {
        variants.add(new Variant(layers, worker, layers, Machine.cores(), 0));
        for (String network : networks) {
          if (network.startsWith(layers + "=")) {
            parameters.add(Long.parseLong(network.substring(layers.length() + 1)));
          }
        }
      }
      Comparison comparison = new Comparer(bench.effort()).compare(variants);
      MarkdownTable table =
          new MarkdownTable("Layers", "parameters", "ms", "quartiles", "ns/parameter");
      double[] perParameter = new double[variants.size()];
      for (int i = 0; i < perParameter.length; i++) {
        var nanos = comparison.nanos(variants.get(i));
        perParameter[i] = nanos.median() / parameters.get(i);
        table.row(
            variants.get(i).label(),
            parameters.get(i),
            Format.ms(nanos.median()),
            Format.quartiles(nanos),
            Format.digits(perParameter[i]));
      }
      String title = "Update by number of layers";
      bench.report().table(title, load, comparison.quality(), table);
      bench.report().samples(title, comparison);
      bench
          .report()
          .atMost(
              "Time per parameter, 100 layers ÷ 1 layer", perParameter[2] / perParameter[0], 1.1);
    }
  }
}
