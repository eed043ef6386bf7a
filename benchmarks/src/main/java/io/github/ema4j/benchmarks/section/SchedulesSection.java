// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.benchmarks.section;

import io.github.ema4j.benchmarks.harness.Comparison;
import io.github.ema4j.benchmarks.harness.Format;
import io.github.ema4j.benchmarks.harness.Machine;
import io.github.ema4j.benchmarks.harness.Variant;
import io.github.ema4j.benchmarks.harness.Worker;
import io.github.ema4j.core.schedule.DecaySchedule;
import java.util.List;
import java.util.stream.Stream;

/** Does it matter which schedule the decay follows? */
final class SchedulesSection implements Section {

  @Override
  public String name() {
    return "schedules";
  }

  @Override
  public void run(Bench bench) {
    long size = bench.sizeUpTo(1_000_000);
    try (Worker worker = bench.workers().java(Machine.cores())) {
      worker.ask("scene", "schedules", size);
      List<Variant> variants =
          Stream.of(
                  DecaySchedule.constant(0.9999),
                  DecaySchedule.inversePower(0.9999),
                  DecaySchedule.numUpdates(0.9999),
                  DecaySchedule.exponentialRamp(0.9999, 2000),
                  DecaySchedule.momentumAnnealing(0.0001, 100),
                  DecaySchedule.linearRamp(0.9, 0.9999, 1000),
                  DecaySchedule.uniform(),
                  DecaySchedule.powerFunction(0.1))
              .map(schedule -> schedule.spec().replace(" ", "")) // a request is split at blanks
              .map(spec -> new Variant(spec, worker, spec, Machine.cores(), UpdateSection.BYTES))
              .toList();
      Comparison comparison =
          bench.compare(
              "Update by schedule, %s parameters".formatted(Format.size(size)), size, variants);
      double dearest =
          variants.stream()
              .mapToDouble(variant -> comparison.ratio(variant, variants.get(0)).median())
              .max()
              .orElseThrow();
      bench.report().atMost("Dearest schedule ÷ constant decay", dearest, 1.1);
    }
  }
}
