// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.experiments.atsize;

import io.github.ema4j.examples.OpenMp;
import io.github.ema4j.onednn.backend.NativeLibrary;
import io.github.ema4j.train.images.FashionMnist;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * A ResNet-18 on the whole of Fashion-MNIST: clean and wrong labels, three ways to train, several
 * averages with averaged and with recalibrated statistics of batch norm.
 */
@Command(
    name = "at-size",
    description = {
      "Trains a ResNet-18 on the whole of Fashion-MNIST, from several seeds, in each way of the"
          + " table. Takes a quarter of an hour or more.",
      "Each run that has ended is a file in the directory of the results: started again, the"
          + " command goes on from there."
    },
    sortOptions = false)
public final class AtSize implements Callable<Integer> {
  /** The settings that are the default. */
  static final Settings DOCUMENTED = new Settings(16, 64, 5);

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "Where the four files of Fashion-MNIST are (default: ${DEFAULT-VALUE}).")
  private Path data = FashionMnist.DEBIAN;

  @Option(
      names = "--results",
      paramLabel = "DIR",
      defaultValue = "output/at-size",
      description = "Where a file for each run is (default: ${DEFAULT-VALUE}).")
  private Path results;

  @Option(
      names = "--labels",
      split = ",",
      paramLabel = "LABELS",
      defaultValue = "clean,noisy",
      description = "Some of ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
  private List<Labels> labels;

  @Option(
      names = "--methods",
      split = ",",
      paramLabel = "METHOD",
      defaultValue = "constant,cosine,rmsprop",
      description = "Some of ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
  private List<Method> methods;

  @Option(
      names = "--seeds",
      paramLabel = "N",
      defaultValue = "3",
      description = "Train from the seeds 1 to N, at least 2 (default: ${DEFAULT-VALUE}).")
  private int seeds;

  @Option(
      names = "--epochs",
      paramLabel = "N",
      defaultValue = "5",
      description = "Passes over the training images, at least 1 (default: ${DEFAULT-VALUE}).")
  private int epochs;

  @Option(
      names = "--width",
      paramLabel = "N",
      defaultValue = "16",
      description =
          "Channels of the network's first stage, at least 1; 64 as published (default:"
              + " ${DEFAULT-VALUE}).")
  private int width;

  @Option(
      names = "--batch",
      paramLabel = "N",
      defaultValue = "64",
      description = "Images in a batch, at least 2 (default: ${DEFAULT-VALUE}).")
  private int batch;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this help and exit.")
  @SuppressWarnings("unused") // picocli reads it
  private boolean help;

  @Spec private CommandSpec command;

  @Override
  public Integer call() {
    requireAtLeast(2, "--seeds", seeds);
    requireAtLeast(1, "--epochs", epochs);
    requireAtLeast(1, "--width", width);
    requireAtLeast(2, "--batch", batch);
    NativeLibrary.preferOneDnn();
    OpenMp.useOneThreadUnlessSet();
    Settings settings = new Settings(width, batch, epochs);
    Outcomes outcomes = new Outcomes(results, settings);
    try {
      train(outcomes, settings);
      PrintWriter out = command.commandLine().getOut();
      out.print(Tables.of(outcomes, labels, methods, seeds));
      boolean holds = !settings.equals(DOCUMENTED) || confirm(outcomes, out);
      out.flush();
      return holds ? CommandLine.ExitCode.OK : CommandLine.ExitCode.SOFTWARE;
    } catch (IOException e) { // images that are missing, other results in the directory
      command.commandLine().getErr().println(e.getMessage());
      return CommandLine.ExitCode.SOFTWARE;
    }
  }

  /** The claims are about the settings of the documentation, and about all of the table. */
  private boolean confirm(Outcomes outcomes, PrintWriter out) throws IOException {
    boolean all = true;
    if (Claim.canBeTested(outcomes, seeds)) {
      for (Claim claim : Claim.ALL) {
        boolean holds = claim.holdsFor(outcomes, seeds);
        out.println((holds ? "So it is: " : "NOT SO: ") + claim.sentence());
        all &= holds;
      }
    }
    return all;
  }

  private void requireAtLeast(int least, String option, int value) {
    if (value < least) {
      throw new ParameterException(
          command.commandLine(), option + ": has to be >= " + least + ", not " + value);
    }
  }

  /** Makes the outcomes that are missing. */
  private void train(Outcomes outcomes, Settings settings) throws IOException {
    Optional<Images> images = Optional.empty(); // read if there is anything to train
    for (Labels label : labels) {
      for (Method method : methods) {
        for (long seed = 1; seed <= seeds; seed++) {
          Cell cell = new Cell(label, method, seed);
          if (outcomes.read(Outcomes.EMA4J, cell).isEmpty()) {
            images = Optional.of(images.isPresent() ? images.get() : Images.read(data));
            Outcome outcome = Training.run(cell, settings, images.get());
            outcomes.write(outcome);
            report(outcome);
          }
        }
      }
    }
  }

  /** Progress is not part of the result, which goes to the other stream. */
  private void report(Outcome outcome) {
    PrintWriter err = command.commandLine().getErr();
    err.printf(Locale.ROOT, "%s, %.0f s:", outcome.cell(), outcome.seconds());
    for (Outcome.Score score : outcome.scores()) {
      err.printf(Locale.ROOT, " %s %.2f %%", score.weights(), 100 * score.accuracy());
    }
    err.println();
    err.flush();
  }
}
