// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.benchmarks.section;

import io.github.ema4j.benchmarks.harness.Variant;
import io.github.ema4j.benchmarks.harness.Worker;
import io.github.ema4j.benchmarks.harness.Workers;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The processes behind one table: a JVM for each number of threads, and where they can be had the C
 * program and PyTorch.
 */
final class Fleet implements AutoCloseable {

  private final Map<Integer, Worker> javas = new LinkedHashMap<>();
  private final List<Integer> threads;
  private final Optional<Worker> ceiling;
  private final Optional<Worker> torch;
  private long size;

  Fleet(Workers workers, List<Integer> threads, boolean withTorch) {
    this.threads = threads;
    threads.forEach(count -> javas.put(count, workers.java(count)));
    ceiling = workers.ceiling();
    torch = withTorch ? workers.torch() : Optional.empty();
  }

  private Stream<Worker> all() {
    return Stream.of(javas.values().stream(), ceiling.stream(), torch.stream()).flatMap(s -> s);
  }

  /**
   * Gives all processes arrays of a size, in place of those that they have. Those of the C program
   * lie where ND4J's do within a page, since its speed depends on it; PyTorch has its own on cache
   * lines.
   */
  void arrays(long size) {
    this.size = size;
    all().forEach(worker -> worker.ask("release"));
    List<String> places = javas.values().stream().map(java -> java.ask("arrays", size)).toList();
    ceiling.ifPresent(worker -> worker.ask("arrays", size, places.get(0)));
    torch.ifPresent(worker -> worker.ask("arrays", size));
  }

  /** Replaces all processes; the new ones have arrays of the same size. */
  void renew() {
    all().forEach(Worker::restart);
    arrays(size);
  }

  /** The JVM with a number of threads. */
  Worker java(int count) {
    return javas.get(count);
  }

  Optional<Worker> torch() {
    return torch;
  }

  /** An operation of the JVMs, with each number of threads. */
  List<Variant> java(String label, String operation, int bytes) {
    return threads.stream()
        .map(count -> new Variant(label, javas.get(count), operation, count, bytes))
        .toList();
  }

  /** An operation of the C program, with each number of threads; empty without a compiler. */
  List<Variant> ceiling(String label, String operation, int bytes) {
    return each(ceiling, label, operation, bytes);
  }

  /** The same on arrays that begin on a cache line, as ND4J's do not. */
  List<Variant> alignedCeiling(String label, String operation, int bytes) {
    return each(ceiling, label + ", on cache lines", operation + "-aligned", bytes);
  }

  /** All operations of PyTorch, with each number of threads; empty without it. */
  List<Variant> torchUpdates(int bytes) {
    List<Variant> variants = new ArrayList<>();
    torch.ifPresent(
        worker -> {
          for (String operation : worker.ask("operations").split(" ")) {
            variants.addAll(each(torch, "PyTorch " + operation, operation, bytes));
          }
        });
    return variants;
  }

  private List<Variant> each(Optional<Worker> of, String label, String operation, int bytes) {
    return of.stream()
        .flatMap(
            worker ->
                threads.stream().map(count -> new Variant(label, worker, operation, count, bytes)))
        .toList();
  }

  @Override
  public void close() {
    all().forEach(Worker::close);
  }
}
