// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples;

import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.train.record.OutputDirectory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command line of {@link Quickstart}. */
final class QuickstartOptions {
  @Option(
      names = "--network",
      paramLabel = "NAME",
      defaultValue = "mlp",
      description = "One of: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
  private Recipe recipe;

  @Option(names = "--clean", description = "Train on correct labels; otherwise 30 %% are wrong.")
  private boolean clean;

  @Option(
      names = "--epochs",
      paramLabel = "N",
      description = "Passes over the training images, at least 1 (default: 10).")
  private Integer epochs;

  @Option(
      names = "--decay",
      paramLabel = "D",
      description =
          "Decay of the average, 0 to 1 (default: none, an average over a share of the run so far).")
  private Double decay;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "Of weights, batches and wrong labels (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Option(
      names = "--output",
      paramLabel = "DIR",
      defaultValue = "target/quickstart",
      description = "Where to write network, metrics and picture (default: ${DEFAULT-VALUE}).")
  private Path output;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this help and exit.")
  @SuppressWarnings("unused") // picocli reads it
  private boolean help;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  /**
   * Finds out before the work is done whether it can be, and creates the output directory.
   *
   * @throws ParameterException naming the option and what to do
   */
  void check() {
    if (epochs() < 1) {
      throw wrong("--epochs", "has to be >= 1, not " + epochs, null);
    }
    try {
      average();
    } catch (IllegalArgumentException e) {
      throw wrong("--decay", e.getMessage(), e);
    }
    try {
      OutputDirectory.prepare(output);
    } catch (IOException e) {
      throw wrong("--output", e.getMessage(), e);
    }
  }

  /** What is trained, in one line. */
  String title() {
    return String.format(
        Locale.ROOT,
        "Fashion-MNIST, %.0f %% of the training labels wrong: %s%s",
        100 * wrongLabels(),
        recipe,
        decay == null ? "" : ", decay " + decay);
  }

  private ParameterException wrong(String option, String message, Exception cause) {
    return new ParameterException(command.commandLine(), option + ": " + message, cause);
  }

  Recipe recipe() {
    return recipe;
  }

  double wrongLabels() {
    return clean ? 0 : 0.3;
  }

  int epochs() {
    return epochs == null ? recipe.epochs : epochs;
  }

  /** The average to keep: a new one at each call. */
  ModelEmaListener average() {
    return decay == null ? new ModelEmaListener() : new ModelEmaListener(decay);
  }

  long seed() {
    return seed;
  }

  Path output() {
    return output;
  }
}
