// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.benchmarks.section;

import io.github.ema4j.benchmarks.harness.Format;
import io.github.ema4j.benchmarks.harness.Machine;
import io.github.ema4j.benchmarks.harness.Variant;
import io.github.ema4j.benchmarks.harness.Worker;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** What do other data types of parameters and shadow cost? */
final class TypesSection implements Section {

  private record Types(String params, String shadow, int bytes) {
    String label() {
      return "%s parameters, %s shadow".formatted(params, shadow);
    }
  }

  private static final List<Types> TYPES =
      List.of(
          new Types("FLOAT", "FLOAT", 12),
          new Types("FLOAT", "DOUBLE", 20),
          new Types("DOUBLE", "DOUBLE", 24),
          new Types("HALF", "FLOAT", 10),
          new Types("BFLOAT16", "FLOAT", 10));

  @Override
  public String name() {
    return "types";
  }

  @Override
  public void run(Bench bench) {
    for (long size : Stream.of(1_000_000L, 25_600_000L).map(bench::sizeUpTo).distinct().toList()) {
      List<Worker> workers = new ArrayList<>();
      try {
        List<Variant> variants = new ArrayList<>();
        for (Types types : TYPES) {
          Worker worker = bench.workers().java(Machine.cores());
          workers.add(worker);
          worker.ask("scene", "arrays", size, types.params, types.shadow);
          variants.add(variant("EMA4J, ", types, worker, "update"));
          variants.add(variant("ND4J in place, ", types, worker, "nd4j-in-place"));
        }
        variants.forEach(variant -> variant.verify(UpdateSection.EXPECTED));
        bench.compare(
            "Update by data type, %s parameters".formatted(Format.size(size)), size, variants);
      } finally {
        workers.forEach(Worker::close);
      }
    }
  }

  private static Variant variant(String label, Types types, Worker worker, String operation) {
    return new Variant(label + types.label(), worker, operation, Machine.cores(), types.bytes);
  }
}
