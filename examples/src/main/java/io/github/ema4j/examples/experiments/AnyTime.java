// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.experiments;

import io.github.ema4j.examples.OpenMp;
import io.github.ema4j.examples.experiments.statistics.Spread;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * Whether the average that one has without choosing a decay is at any time as good as the raw
 * weights: both after every epoch of three experiments.
 */
@Command(
    name = "any-time",
    description =
        "Compares the raw weights with the default average after every epoch of constant-rate,"
            + " rmsprop and noisy-labels.",
    sortOptions = false)
final class AnyTime implements Callable<Integer> {
  static final List<Experiment> EXPERIMENTS =
      List.of(Experiment.NOISY_LABELS, Experiment.CONSTANT_RATE, Experiment.RMSPROP);

  /** By how many points the average may be worse: 2,000 images do not show less. */
  private static final double TOLERANCE = 0.5;

  static final String CLAIM =
      "After every epoch of each experiment the default average is as good as the raw weights, or no"
          + " more than %s points worse in the mean, up to twice its standard error."
              .formatted(TOLERANCE);

  @Option(
      names = "--seeds",
      paramLabel = "N",
      defaultValue = "3",
      description = "Train from the seeds 1 to N, at least 1 (default: ${DEFAULT-VALUE}).")
  private int seeds;

  @Option(
      names = "--epochs",
      paramLabel = "N",
      defaultValue = "" + Experiment.EPOCHS,
      description = "Passes over the training images, at least 1 (default: ${DEFAULT-VALUE}).")
  private int epochs;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this help and exit.")
  @SuppressWarnings("unused") // picocli reads it
  private boolean help;

  @Spec private CommandSpec command;

  @Override
  public Integer call() throws IOException {
    requireAtLeastOne("--seeds", seeds);
    requireAtLeastOne("--epochs", epochs);
    OpenMp.useOneThreadUnlessSet();
    PrintWriter out = command.commandLine().getOut();
    long start = System.nanoTime();
    Map<Experiment, List<Course>> courses = new LinkedHashMap<>();
    for (Experiment experiment : EXPERIMENTS) {
      courses.put(experiment, new ArrayList<>());
      for (int seed = 1; seed <= seeds; seed++) {
        Course course = Course.run(experiment, seed, epochs);
        courses.get(experiment).add(course);
        report(experiment, seed, course);
      }
    }
    out.print(table(courses));
    out.printf(
        Locale.ROOT,
        "%nAccuracy in per cent, mean over %d seeds. %.0f s on %d processors (%s), Java %s.%n",
        seeds,
        (System.nanoTime() - start) / 1e9,
        Runtime.getRuntime().availableProcessors(),
        System.getProperty("os.name") + " " + System.getProperty("os.arch"),
        System.getProperty("java.version"));
    boolean holds = holdsFor(courses);
    out.println();
    out.println((holds ? "So it is: " : "NOT SO: ") + CLAIM);
    out.flush();
    return holds ? CommandLine.ExitCode.OK : CommandLine.ExitCode.SOFTWARE;
  }

  private void requireAtLeastOne(String option, int value) {
    if (value < 1) {
      throw new ParameterException(
          command.commandLine(), option + ": has to be >= 1, not " + value);
    }
  }

  /** Progress is not part of the result, which goes to the other stream. */
  private void report(Experiment experiment, int seed, Course course) {
    PrintWriter err = command.commandLine().getErr();
    err.printf(
        Locale.ROOT,
        "%s, seed %d of %d: least gain %+.2f points%n",
        experiment,
        seed,
        seeds,
        course.leastGain());
    err.flush();
  }

  static boolean holdsFor(Map<Experiment, List<Course>> courses) {
    return courses.values().stream()
        .allMatch(
            all ->
                IntStream.range(0, all.get(0).raw().size())
                    .mapToDouble(epoch -> atMost(all, epoch))
                    .allMatch(gain -> gain >= -TOLERANCE));
  }

  /**
   * The mean gain after an epoch plus twice its standard error, which a single seed does not have.
   */
  private static double atMost(List<Course> courses, int epoch) {
    double[] gains = courses.stream().mapToDouble(course -> course.gain(epoch)).toArray();
    if (gains.length == 1) {
      return gains[0];
    }
    Spread spread = Spread.of(gains);
    return spread.mean() + 2 * spread.deviation() / Math.sqrt(gains.length);
  }

  /** As Markdown: a column for each epoch. */
  static String table(Map<Experiment, List<Course>> courses) {
    int epochs = courses.values().iterator().next().get(0).raw().size();
    StringBuilder table = new StringBuilder();
    List<String> numbers = IntStream.rangeClosed(1, epochs).mapToObj(Integer::toString).toList();
    table.append(row("experiment, after epoch", "weights", numbers));
    table.append(row("---", "---", IntStream.range(0, epochs).mapToObj(epoch -> "---").toList()));
    courses.forEach(
        (experiment, all) -> {
          table.append(row("`" + experiment + "`", "raw", means(all, Course::raw, epochs)));
          table.append(row("", "default average", means(all, Course::averaged, epochs)));
          table.append(
              row(
                  "",
                  "least gain",
                  IntStream.range(0, epochs)
                      .mapToObj(
                          epoch ->
                              all.stream()
                                  .mapToDouble(course -> course.gain(epoch))
                                  .min()
                                  .orElseThrow())
                      .map(gain -> String.format(Locale.ROOT, "%+.1f", gain))
                      .toList()));
        });
    return table.toString();
  }

  /** The accuracies of one set of weights in a run. */
  private interface Weights {
    List<Double> of(Course course);
  }

  private static List<String> means(List<Course> courses, Weights weights, int epochs) {
    return IntStream.range(0, epochs)
        .mapToObj(
            epoch ->
                courses.stream()
                    .mapToDouble(course -> weights.of(course).get(epoch))
                    .average()
                    .orElseThrow())
        .map(mean -> String.format(Locale.ROOT, "%.1f", mean))
        .toList();
  }

  private static String row(String experiment, String weights, List<String> cells) {
    return cells.stream()
        .collect(Collectors.joining(" | ", "| " + experiment + " | " + weights + " | ", " |\n"));
  }
}
