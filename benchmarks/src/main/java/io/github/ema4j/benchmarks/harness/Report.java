// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.benchmarks.harness;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Collects the tables, prints each as soon as it is there, and writes them to {@code report.md} and
 * the samples behind them to {@code samples.csv}.
 */
public final class Report {

  private record Target(String text, double measured, String relation, double limit) {
    boolean isMet() {
      return relation.equals("≤") ? measured <= limit : measured >= limit;
    }
  }

  private final Path directory;
  private final PrintStream out;
  private final StringBuilder text = new StringBuilder();
  private final StringBuilder samples = new StringBuilder("table,variant,threads,round,nanos\n");
  private final List<Target> targets = new ArrayList<>();
  private final List<String> failures = new ArrayList<>();

  /**
   * Starts a report.
   *
   * @param directory receives the files; created where missing
   * @param out receives the tables
   */
  public Report(Path directory, PrintStream out) {
    this.directory = directory;
    this.out = out;
  }

  /**
   * Adds a table.
   *
   * @param title its heading
   * @param loadBefore load average before the measurement
   * @param how rounds, disturbances and whatever else a reader must know, one sentence
   * @param table the numbers
   */
  public void table(String title, String loadBefore, String how, MarkdownTable table) {
    append(
        "## %s%n%n_%s; %s; load average %s before, %s after. %s._%n%n%s%n"
            .formatted(
                title,
                Instant.now().truncatedTo(ChronoUnit.SECONDS),
                Machine.describe(),
                loadBefore,
                Machine.load(),
                how,
                table));
  }

  /**
   * Adds a sentence, such as what is left out and why.
   *
   * @param sentence any text
   */
  public void note(String sentence) {
    append(sentence + System.lineSeparator() + System.lineSeparator());
  }

  /**
   * Keeps the samples behind a table.
   *
   * @param title of the table
   * @param comparison the samples
   */
  public void samples(String title, Comparison comparison) {
    comparison
        .samples()
        .forEach(
            (variant, nanos) -> {
              for (int round = 0; round < nanos.length; round++) {
                samples.append(
                    String.format(
                        Locale.ROOT,
                        "\"%s\",\"%s\",%d,%d,%.0f%n",
                        title,
                        variant.label(),
                        variant.threads(),
                        round,
                        nanos[round]));
              }
            });
  }

  /**
   * Compares a measured value with what it should be at most. A target that is missed is shown and
   * fails nothing: times depend on the machine.
   *
   * @param target what is measured
   * @param measured its value
   * @param limit largest value that meets the target
   */
  public void atMost(String target, double measured, double limit) {
    targets.add(new Target(target, measured, "≤", limit));
  }

  /**
   * Compares a measured value with what it should be at least; see {@link #atMost}.
   *
   * @param target what is measured
   * @param measured its value
   * @param limit smallest value that meets the target
   */
  public void atLeast(String target, double measured, double limit) {
    targets.add(new Target(target, measured, "≥", limit));
  }

  /**
   * Notes that a result is wrong, which fails the run.
   *
   * @param failure what is wrong
   */
  public void fail(String failure) {
    failures.add(failure);
  }

  /**
   * What was wrong.
   *
   * @return empty if all results were right
   */
  public List<String> failures() {
    return List.copyOf(failures);
  }

  /** Adds the table of targets, if any was measured. */
  public void summary() {
    if (targets.isEmpty()) {
      return;
    }
    MarkdownTable table = new MarkdownTable("Target", "limit", "measured", "met");
    for (Target target : targets) {
      table.row(
          target.text,
          target.relation + " " + Format.digits(target.limit),
          Format.digits(target.measured),
          target.isMet() ? "yes" : "no");
    }
    table(
        "Targets",
        Machine.load(),
        "Medians of the tables above; on a machine that does other work they say little",
        table);
  }

  private void append(String part) {
    out.print(part);
    out.flush();
    text.append(part);
  }

  /** Writes what there is so far. */
  public void save() {
    write("report.md", text);
    write("samples.csv", samples);
  }

  private void write(String name, CharSequence content) {
    try {
      Files.createDirectories(directory);
      Path unfinished = Files.createTempFile(directory, name, ".part");
      Files.writeString(unfinished, content);
      Files.move(unfinished, directory.resolve(name), StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new UncheckedIOException("The report cannot be written to " + directory, e);
    }
  }
}
