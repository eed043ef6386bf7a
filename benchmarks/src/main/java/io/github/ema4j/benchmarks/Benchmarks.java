// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.benchmarks;

import io.github.ema4j.benchmarks.harness.Effort;
import io.github.ema4j.benchmarks.harness.Report;
import io.github.ema4j.benchmarks.harness.Workers;
import io.github.ema4j.benchmarks.section.Bench;
import io.github.ema4j.benchmarks.section.Section;
import java.io.IOException;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/**
 * Measures what an average of weights costs, and prints Markdown. The exit code is 1 if a result is
 * wrong; no time fails a run.
 */
@Command(
    name = "benchmarks",
    description = "Measures what an average of weights costs.",
    sortOptions = false)
public final class Benchmarks implements Callable<Integer> {

  private static final class Length {
    @Option(names = "--quick", description = "Minutes: shows that everything runs.")
    private boolean quick;

    @Option(names = "--full", description = "Hours: for numbers to publish.")
    private boolean full;
  }

  @Spec private CommandSpec spec;

  @ArgGroup private Length length = new Length();

  @Option(
      names = "--only",
      split = ",",
      paramLabel = "NAME",
      description = "Parts to run, separated by commas. All: ${COMPLETION-CANDIDATES}.",
      completionCandidates = SectionNames.class)
  private List<String> only = List.of();

  @Option(
      names = "--sizes",
      split = ",",
      paramLabel = "SIZE",
      description = "Numbers of parameters, such as 100000 or 25.6M, separated by commas.",
      converter = SizeConverter.class)
  private List<Long> sizes = List.of();

  @Option(
      names = "--rounds",
      paramLabel = "N",
      description = "Samples of each variant, in place of what --quick or --full take.")
  private Integer rounds;

  @Option(
      names = "--output",
      paramLabel = "DIR",
      description = "Where to write report.md and samples.csv. Default: ${DEFAULT-VALUE}.",
      defaultValue = "target")
  private Path output;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Shows this text.")
  private boolean help;

  private Benchmarks() {}

  /**
   * Runs the command.
   *
   * @param args its options; {@code --help} lists them
   */
  public static void main(String[] args) {
    System.exit(new CommandLine(new Benchmarks()).execute(args));
  }

  @Override
  public Integer call() throws IOException {
    List<Section> sections = sections();
    Effort effort = length.quick ? Effort.quick() : length.full ? Effort.full() : Effort.standard();
    if (!sizes.isEmpty()) {
      effort = effort.withSizes(sizes);
    }
    if (rounds != null) {
      if (rounds < 1) {
        throw new ParameterException(
            spec.commandLine(), "--rounds must be at least 1, but was " + rounds);
      }
      effort = effort.withRounds(rounds);
    }
    Path workspace = Files.createDirectories(output.resolve("benchmark-work").toAbsolutePath());
    Workers workers = new Workers(workspace, System.getenv().getOrDefault("PATH", ""));
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    Report report = new Report(output, out);
    workers.missing().forEach(report::note);
    Bench bench = new Bench(effort, workers, report);
    for (Section section : sections) {
      section.run(bench);
      report.save();
    }
    report.summary();
    report.failures().forEach(failure -> report.note("WRONG: " + failure));
    report.save();
    return report.failures().isEmpty() ? 0 : 1;
  }

  private List<Section> sections() {
    List<Section> all = Section.all();
    for (String name : only) {
      if (all.stream().noneMatch(section -> section.name().equals(name))) {
        throw new ParameterException(
            spec.commandLine(),
            "There is no part '%s'; there are %s"
                .formatted(
                    name, all.stream().map(Section::name).collect(Collectors.joining(", "))));
      }
    }
    return all.stream().filter(section -> only.isEmpty() || only.contains(section.name())).toList();
  }

  /** What the help lists for {@code --only}. */
  private static final class SectionNames implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return Section.all().stream().map(Section::name).iterator();
    }
  }

  /** Reads 25.6M as 25,600,000. */
  static final class SizeConverter implements ITypeConverter<Long> {
    @Override
    public Long convert(String text) {
      try {
        BigDecimal size =
            text.endsWith("M")
                ? new BigDecimal(text.substring(0, text.length() - 1)).movePointRight(6)
                : new BigDecimal(text);
        long value = size.longValueExact();
        if (value >= 1) {
          return value;
        }
      } catch (ArithmeticException | NumberFormatException e) {
        // falls through to the message for all
      }
      throw new TypeConversionException(
          "'%s' is no number of parameters: give a whole number from 1, such as 100000 or 25.6M"
              .formatted(text));
    }
  }
}
