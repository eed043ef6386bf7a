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
import java.util.Locale;
import java.util.Optional;

/**
 * How long does a training step take, with Deeplearning4j's own layers, accelerated, in PyTorch?
 */
final class AccelerationSection implements Section {

  /**
   * A network of the train command, or another that {@code StepScene} names.
   *
   * @param faster how many times as fast it shall be accelerated
   * @param torch how many times as long as PyTorch's that may take
   */
  private record Training(
      String network, int channels, int size, int batch, double faster, double torch) {
    String label() {
      return "%s, %d x %d x %d, batch %d".formatted(network, channels, size, size, batch);
    }
  }

  @Override
  public String name() {
    return "acceleration";
  }

  @Override
  public void run(Bench bench) {
    String load = Machine.load();
    MarkdownTable table =
        new MarkdownTable(
            "Network",
            "built-in, ms",
            "accelerated, ms",
            "PyTorch, ms",
            "built-in ÷ accelerated",
            "accelerated ÷ PyTorch");
    String quality = "";
    for (Training training : trainings(bench)) {
      quality = measure(bench, training, table).quality();
    }
    bench
        .report()
        .table(
            "Training step, accelerated and not",
            load,
            "Nesterov, one thread, processor time; last row: " + quality,
            table);
  }

  private static List<Training> trainings(Bench bench) {
    List<Training> small =
        List.of(
            new Training("lenet", 1, 28, 64, 7, 1.2), new Training("simplecnn", 1, 28, 32, 6, 2.2));
    if (!bench.effort().networks()) {
      return small;
    }
    List<Training> all = new ArrayList<>(small);
    all.add(new Training("convnet", 1, 28, 64, 7, 1.5));
    all.add(new Training("resnet18-8", 1, 28, 32, 3.7, 4));
    all.add(new Training("resnet18-16", 3, 32, 32, 6, 3));
    all.add(new Training("resnet18", 3, 32, 32, 5, 1.5));
    all.add(new Training("resnet34", 3, 64, 8, 8, 1.1));
    all.add(new Training("mobilenetv2", 3, 64, 8, 12, 1.2));
    return all;
  }

  private static Comparison measure(Bench bench, Training training, MarkdownTable table) {
    try (Worker own = bench.workers().java(1);
        Worker fast = bench.workers().javaWithOneDnn()) {
      Optional<Worker> torch = bench.workers().torch();
      try {
        return measure(bench, training, own, fast, torch, table);
      } finally {
        torch.ifPresent(Worker::close);
      }
    }
  }

  private static Comparison measure(
      Bench bench,
      Training training,
      Worker own,
      Worker fast,
      Optional<Worker> torch,
      MarkdownTable table) {
    Object[] shape = {training.channels, training.size, training.batch};
    Variant builtIn = variant("built-in", own, training, shape, "built-in");
    Variant accelerated = variant("accelerated", fast, training, shape, "accelerated");
    List<Variant> variants = new ArrayList<>(List.of(builtIn, accelerated));
    Optional<Variant> reference = torch.map(t -> torchVariant(t, training, shape));
    reference.ifPresent(variants::add);

    Comparison comparison = new Comparer(bench.effort()).compare(variants);
    double faster = comparison.ratio(builtIn, accelerated).median();
    table.row(
        training.label(),
        Format.ms(comparison.nanos(builtIn).median()),
        Format.ms(comparison.nanos(accelerated).median()),
        reference.map(r -> Format.ms(comparison.nanos(r).median())).orElse(""),
        ratio(faster),
        reference.map(r -> ratio(comparison.ratio(accelerated, r).median())).orElse(""));
    bench.report().samples(training.label(), comparison);
    bench
        .report()
        .atMost("Accelerated ÷ built-in, " + training.label(), 1 / faster, 1 / training.faster);
    reference.ifPresent(
        r ->
            bench
                .report()
                .atMost(
                    "Accelerated ÷ PyTorch, " + training.label(),
                    comparison.ratio(accelerated, r).median(),
                    training.torch));
    return comparison;
  }

  private static Variant variant(
      String label, Worker worker, Training training, Object[] shape, String how) {
    worker.ask("scene", "step", training.network, shape[0], shape[1], shape[2], how);
    return new Variant(label, worker, "step", 1, 0);
  }

  private static Variant torchVariant(Worker worker, Training training, Object[] shape) {
    worker.ask("training", training.network, shape[0], shape[1], shape[2]);
    return new Variant("PyTorch", worker, "step", 1, 0);
  }

  private static String ratio(double value) {
    return String.format(Locale.ROOT, "%.2f", value);
  }
}
