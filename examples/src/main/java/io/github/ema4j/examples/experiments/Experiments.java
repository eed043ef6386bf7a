// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.experiments;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.github.ema4j.examples.OpenMp;
import io.github.ema4j.examples.Recipe;
import io.github.ema4j.examples.experiments.atsize.AtSize;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * Trains one of the experiments from several seeds and prints a table of what the raw and the
 * averaged weights are worth. At full length it also says whether the claims of the documentation
 * hold.
 */
@Command(
    name = "experiments",
    description = "Compares raw and averaged weights over several training runs.",
    subcommands = {AnyTime.class, Forecast.class, Calibration.class, AtSize.class},
    sortOptions = false,
    exitCodeListHeading = "Exit codes:%n",
    exitCodeList = {"0:done", "1:the run failed, or a claim does not hold", "2:wrong arguments"})
public final class Experiments implements Callable<Integer> {
  @Parameters(
      arity = "0..1", // as there are commands besides
      paramLabel = "NAME",
      description = "One of: ${COMPLETION-CANDIDATES}.")
  private Experiment experiment;

  @Option(
      names = "--seeds",
      paramLabel = "N",
      description = "Train from the seeds 1 to N, at least 2 (default: 3 or 5).")
  private Integer seeds;

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
    if (experiment == null) {
      throw new ParameterException(
          command.commandLine(),
          "NAME is missing: name an experiment, any-time, forecast, calibration or at-size");
    }
    requireAtLeast(2, "--seeds", seeds());
    requireAtLeast(1, "--epochs", epochs);
    OpenMp.useOneThreadUnlessSet();
    long start = System.nanoTime();
    List<Trial> trials = new ArrayList<>();
    for (int seed = 1; seed <= seeds(); seed++) {
      Trial trial = Trial.run(experiment, seed, epochs);
      trials.add(trial);
      report(seed, trial);
    }
    Results results = new Results(experiment.averageNames(), trials);
    print(results, (System.nanoTime() - start) / 1e9);
    // The claims are about runs of full length; shorter ones show other things.
    boolean holds = epochs != Experiment.EPOCHS || confirm(results);
    return holds ? CommandLine.ExitCode.OK : CommandLine.ExitCode.SOFTWARE;
  }

  private int seeds() {
    return seeds == null ? experiment.seeds() : seeds;
  }

  private void requireAtLeast(int least, String option, int value) {
    if (value < least) {
      throw new ParameterException(
          command.commandLine(), option + ": has to be >= " + least + ", not " + value);
    }
  }

  /** Progress is not part of the result, which goes to the other stream. */
  private void report(int seed, Trial trial) {
    PrintWriter err = command.commandLine().getErr();
    err.printf(
        Locale.ROOT, "seed %d of %d: raw %.2f %%", seed, seeds(), 100 * trial.raw().accuracy());
    for (int i = 0; i < trial.averaged().size(); i++) {
      err.printf(
          Locale.ROOT,
          ", %s %.2f %%",
          experiment.averageNames().get(i),
          100 * trial.averaged().get(i).accuracy());
    }
    err.println();
    err.flush();
  }

  private void print(Results results, double seconds) {
    Recipe recipe = experiment.recipe();
    PrintWriter out = command.commandLine().getOut();
    out.println("Experiment `" + experiment + "`: " + experiment.settings() + ".");
    out.printf(
        Locale.ROOT,
        "Network `%s`, %,d parameters, batches of %d; %d epochs, %,d updates; 2,000 test images.%n%n",
        recipe,
        recipe.network(1, experiment.updater(1)).numParams(),
        recipe.batchSize(),
        epochs,
        results.trials().get(0).updates());
    out.print(ResultTable.of(results));
    out.printf(
        Locale.ROOT,
        "%nMean ± standard deviation over %d seeds. %.0f s on %d processors (%s), Java %s.%n",
        results.trials().size(),
        seconds,
        Runtime.getRuntime().availableProcessors(),
        System.getProperty("os.name") + " " + System.getProperty("os.arch"),
        System.getProperty("java.version"));
    out.flush();
  }

  /** Prints what the documentation says of this experiment, and whether it is so. */
  private boolean confirm(Results results) {
    PrintWriter out = command.commandLine().getOut();
    boolean all = true;
    out.println();
    for (Claim claim : experiment.claims()) {
      boolean holds = claim.holdsFor(results);
      out.println((holds ? "So it is: " : "NOT SO: ") + claim.sentence());
      all &= holds;
    }
    out.flush();
    return all;
  }

  static CommandLine commandLine() {
    return new CommandLine(new Experiments()).setCaseInsensitiveEnumValuesAllowed(true);
  }

  /** Runs the experiment and exits: 0 done, 1 failed or refuted, 2 wrong arguments. */
  public static void main(String[] args) {
    // What is averaged with which settings is said in the table, not anew for each seed.
    ((Logger) LoggerFactory.getLogger("io.github.ema4j.dl4j")).setLevel(Level.WARN);
    System.exit(commandLine().execute(args));
  }
}
