// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.experiments;

import static io.github.ema4j.examples.experiments.Results.least;
import static io.github.ema4j.examples.experiments.Results.mean;

import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.evaluation.ClassPredictions;
import io.github.ema4j.dl4j.evaluation.Comparison;
import io.github.ema4j.dl4j.evaluation.EmaEvaluator;
import io.github.ema4j.examples.OpenMp;
import io.github.ema4j.examples.experiments.statistics.Spread;
import io.github.ema4j.train.images.FashionMnist;
import io.github.ema4j.train.images.ImageIterator;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.function.ToDoubleFunction;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * Whether averaged weights are as sure as they are right: noisy-labels, once with clean labels and
 * once with its wrong ones.
 */
@Command(
    name = "calibration",
    description =
        "Compares calibration errors of the raw weights and the default average: the network of"
            + " noisy-labels, with clean and with wrong labels.",
    sortOptions = false)
final class Calibration implements Callable<Integer> {
  private static final Experiment EXPERIMENT = Experiment.NOISY_LABELS;
  private static final int TEST_BATCH = 500;

  static final List<String> CLAIMS =
      List.of(
          "With clean labels the default average has a smaller calibration error than the raw weights, in the mean.",
          "With 30 % wrong labels it has a larger one, in the mean, though it is more accurate from every seed.");

  @Option(
      names = "--seeds",
      paramLabel = "N",
      defaultValue = "5",
      description = "Train from the seeds 1 to N, at least 2 (default: ${DEFAULT-VALUE}).")
  private int seeds;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this help and exit.")
  @SuppressWarnings("unused") // picocli reads it
  private boolean help;

  @Spec private CommandSpec command;

  /**
   * Both weights after one run, all in per cent.
   *
   * @param raw accuracy of the raw weights
   * @param averaged accuracy of the default average
   * @param rawError calibration error of the raw weights
   * @param averagedError calibration error of the default average
   */
  record Pair(double raw, double averaged, double rawError, double averagedError) {
    double rise() {
      return averagedError - rawError;
    }
  }

  @Override
  public Integer call() throws IOException {
    if (seeds < 2) {
      throw new ParameterException(command.commandLine(), "--seeds: has to be >= 2, not " + seeds);
    }
    OpenMp.useOneThreadUnlessSet();
    List<Pair> clean = run(0);
    List<Pair> wrong = run(EXPERIMENT.wrongLabels());
    PrintWriter out = command.commandLine().getOut();
    out.print(table(clean, wrong));
    out.printf(
        Locale.ROOT,
        "%nIn per cent, mean ± standard deviation over %d seeds; the rise is in points, and that of the same seed.%n%n",
        seeds);
    boolean[] hold = {firstHolds(clean), secondHolds(wrong)};
    for (int i = 0; i < hold.length; i++) {
      out.println((hold[i] ? "So it is: " : "NOT SO: ") + CLAIMS.get(i));
    }
    out.flush();
    return hold[0] && hold[1] ? CommandLine.ExitCode.OK : CommandLine.ExitCode.SOFTWARE;
  }

  static boolean firstHolds(List<Pair> clean) {
    return mean(each(clean, Pair::rise)) < 0;
  }

  static boolean secondHolds(List<Pair> wrong) {
    return mean(each(wrong, Pair::rise)) > 0
        && least(each(wrong, pair -> pair.averaged() - pair.raw())) > 0;
  }

  static String table(List<Pair> clean, List<Pair> wrong) {
    return "| training labels | weights | accuracy | calibration error | rise |\n"
        + "| --- | --- | --- | --- | --- |\n"
        + rows("clean", clean)
        + rows("30 % wrong", wrong);
  }

  private static String rows(String labels, List<Pair> pairs) {
    return "| %s | raw | %s | %s | |\n| | default average | %s | %s | %s |\n"
        .formatted(
            labels,
            Spread.of(each(pairs, Pair::raw)).text(2),
            Spread.of(each(pairs, Pair::rawError)).text(2),
            Spread.of(each(pairs, Pair::averaged)).text(2),
            Spread.of(each(pairs, Pair::averagedError)).text(2),
            Spread.of(each(pairs, Pair::rise)).signed(2));
  }

  private static double[] each(List<Pair> pairs, ToDoubleFunction<Pair> value) {
    return pairs.stream().mapToDouble(value).toArray();
  }

  private List<Pair> run(double wrongLabels) throws IOException {
    List<Pair> pairs = new ArrayList<>();
    for (int seed = 1; seed <= seeds; seed++) {
      Start start = Start.of(EXPERIMENT, wrongLabels, seed, Experiment.EPOCHS);
      ModelEmaListener ema = new ModelEmaListener();
      start.network().addListeners(ema);
      start.network().fit(start.training(), Experiment.EPOCHS);
      ImageIterator test = ImageIterator.inOrder(FashionMnist.test(), TEST_BATCH);
      Comparison comparison =
          new EmaEvaluator(ema, test, new ClassPredictions()).compare(start.network());
      ClassPredictions raw = comparison.raw(ClassPredictions.class);
      ClassPredictions averaged = comparison.averaged(ClassPredictions.class);
      pairs.add(
          new Pair(
              100 * raw.accuracy(),
              100 * averaged.accuracy(),
              100 * raw.calibrationError(),
              100 * averaged.calibrationError()));
    }
    return pairs;
  }
}
