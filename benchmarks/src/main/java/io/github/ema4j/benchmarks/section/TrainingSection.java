// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.benchmarks.section;

import io.github.ema4j.benchmarks.harness.Comparer;
import io.github.ema4j.benchmarks.harness.Comparison;
import io.github.ema4j.benchmarks.harness.Format;
import io.github.ema4j.benchmarks.harness.Machine;
import io.github.ema4j.benchmarks.harness.MarkdownTable;
import io.github.ema4j.benchmarks.harness.Statistics;
import io.github.ema4j.benchmarks.harness.Variant;
import io.github.ema4j.benchmarks.harness.Worker;
import io.github.ema4j.benchmarks.harness.Workers;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** By how much does the listener slow down training? */
final class TrainingSection implements Section {

  private record Training(String network, String label, int batch) {}

  /** Blocks of steps: the time of a single one varies too much. */
  private static final int LONGER = 20;

  @Override
  public String name() {
    return "training";
  }

  @Override
  public void run(Bench bench) {
    String load = Machine.load();
    MarkdownTable table =
        new MarkdownTable(
            "Network",
            "layers",
            "parameters",
            "batch",
            "threads",
            "step, ms",
            "with listener, ms",
            "ratio",
            "95 % interval",
            "overlapped, ms",
            "ratio",
            "95 % interval",
            "in the listener, ms",
            "share of the step");
    String quality = "";
    for (Training training : trainings(bench)) {
      for (int threads : threads(bench)) {
        try (Worker worker = bench.workers().java(threads)) {
          quality = measure(bench, training, worker, threads, "built-in", table);
        }
      }
      try (Worker worker = bench.workers().javaWithOneDnn()) {
        quality = measure(bench, training, worker, 1, "accelerated", table);
      }
    }
    bench
        .report()
        .table(
            "Training step with and without ModelEmaListener",
            load,
            "Adam; blocks of steps, interleaved; accelerated: in fits of an iterator, one thread, the"
                + " overlapped update on another; last row: "
                + quality,
            table);
  }

  private static List<Integer> threads(Bench bench) {
    return bench.effort().networks() ? Workers.threadCounts() : List.of(1);
  }

  private static List<Training> trainings(Bench bench) {
    return List.of(
        new Training("mlp", "MLP 784-1000-500-10", 64),
        new Training("lenet", "LeNet, 28 x 28", 64),
        new Training("resnet18", "ResNet-18, 32 x 32", bench.effort().networks() ? 16 : 2));
  }

  private static String measure(
      Bench bench,
      Training training,
      Worker worker,
      int threads,
      String layers,
      MarkdownTable table) {
    String parameters = worker.ask("scene", "training", training.network, training.batch, layers);
    Variant plain = new Variant("plain", worker, "plain", threads, 0);
    Variant ema = new Variant("with listener", worker, "ema", threads, 0);
    Variant overlapped = new Variant("overlapped", worker, "overlapped", threads, 0);
    Variant listener = new Variant("in the listener", worker, "listener", threads, 0);
    boolean overlaps = layers.equals("accelerated");
    List<Variant> variants = new ArrayList<>(List.of(plain, ema, listener));
    if (overlaps) {
      variants.add(overlapped);
    }
    Comparison comparison =
        new Comparer(bench.effort().withLongerSamples(LONGER)).compare(variants);
    Statistics ratio = comparison.ratio(ema, plain);
    double share = comparison.ratio(listener, plain).median();
    table.row(
        training.label,
        layers,
        parameters,
        training.batch,
        threads,
        Format.ms(comparison.nanos(plain).median()),
        Format.ms(comparison.nanos(ema).median()),
        median(ratio),
        interval(ratio),
        overlaps ? Format.ms(comparison.nanos(overlapped).median()) : "",
        overlaps ? median(comparison.ratio(overlapped, plain)) : "",
        overlaps ? interval(comparison.ratio(overlapped, plain)) : "",
        Format.ms(comparison.nanos(listener).median()),
        String.format(Locale.ROOT, "%.2f %%", 100 * share));
    String of =
        ", %s at batch %d, %s, %d threads"
            .formatted(training.label, training.batch, layers, threads);
    bench.report().samples(training.label + ", " + layers, comparison);
    if (training.network.equals("lenet") && !overlaps) {
      bench.report().atMost("Step with ÷ without listener" + of, ratio.median(), 1.01);
      bench.report().atMost("Share of the step in the listener" + of, share, 0.01);
    }
    if (overlaps && Runtime.getRuntime().availableProcessors() > 1) {
      bench
          .report()
          .atMost(
              "Step with ÷ without listener, overlapped" + of,
              comparison.ratio(overlapped, plain).median(),
              1.005);
    }
    return comparison.quality();
  }

  private static String median(Statistics ratio) {
    return String.format(Locale.ROOT, "%.3f", ratio.median());
  }

  private static String interval(Statistics ratio) {
    return String.format(Locale.ROOT, "%.3f–%.3f", ratio.low(), ratio.high());
  }
}
