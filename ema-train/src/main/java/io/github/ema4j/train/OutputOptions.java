// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import io.github.ema4j.train.error.UserError;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Where results go, and how a run goes on. */
final class OutputOptions {

  @Option(
      names = "--output",
      paramLabel = "DIR",
      defaultValue = "output",
      description = "Folder of all runs (default: ${DEFAULT-VALUE}).")
  private Path output;

  @Option(
      names = "--experiment",
      paramLabel = "NAME",
      description =
          "Name of the run's folder in it (default: date, time, model and image size, as in timm).")
  private String experiment;

  @Option(
      names = "--resume",
      arity = "0..1",
      fallbackValue = "",
      paramLabel = "RUN",
      description =
          "Go on with a run from the end of its last epoch: its folder, or one of its checkpoints;"
              + " without RUN, --experiment or else the latest run in --output. Settings that are"
              + " not given are those of the run.")
  private String resume;

  @Option(
      names = "--eval-only",
      description = "With --resume: validate the run's weights and do not train.")
  private boolean evalOnly;

  @Option(
      names = "--allow-other-rounding",
      description =
          "With --resume: go on although the native library is another, or --no-accelerate was"
              + " given or left out: results then differ by rounding from those of a run that was"
              + " not stopped.")
  private boolean allowOtherRounding;

  @Option(
      names = "--checkpoint-hist",
      paramLabel = "N",
      defaultValue = "2",
      description = "Checkpoints to keep, the latest ones (default: ${DEFAULT-VALUE}).")
  private int checkpointHistory;

  @Option(
      names = "--log-interval",
      paramLabel = "N",
      defaultValue = "50",
      description = "Iterations between lines about progress (default: ${DEFAULT-VALUE}).")
  private int logInterval;

  /**
   * Checks the values.
   *
   * @throws UserError naming option, value and limit
   */
  void check() {
    if (evalOnly && resume == null) {
      throw new UserError(
          "--eval-only needs --resume with the run to validate; for a single file:"
              + " train eval FILE");
    }
    if (allowOtherRounding && resume == null) {
      throw new UserError(
          "--allow-other-rounding needs --resume: a new run has no rounding to differ from");
    }
    if (checkpointHistory < 1) {
      throw new UserError("--checkpoint-hist " + checkpointHistory + ": it has to be 1 or more");
    }
    if (logInterval < 1) {
      throw new UserError("--log-interval " + logInterval + ": it has to be 1 or more");
    }
    if (experiment != null && !isName(experiment)) {
      throw new UserError(
          "--experiment " + experiment + ": give a name without '/', and the folder as --output");
    }
  }

  private static boolean isName(String experiment) {
    try {
      Path name = Path.of(experiment);
      return name.equals(name.getFileName())
          && !experiment.isBlank()
          && !name.equals(Path.of("."))
          && !name.equals(Path.of(".."));
    } catch (InvalidPathException e) {
      return false;
    }
  }

  Path output() {
    return output;
  }

  String experiment() {
    return experiment;
  }

  boolean resumes() {
    return resume != null;
  }

  /** The run or checkpoint named, empty if none is. */
  String resumed() {
    return resume;
  }

  boolean evalOnly() {
    return evalOnly;
  }

  boolean allowsOtherRounding() {
    return allowOtherRounding;
  }

  int checkpointHistory() {
    return checkpointHistory;
  }

  int logInterval() {
    return logInterval;
  }
}
