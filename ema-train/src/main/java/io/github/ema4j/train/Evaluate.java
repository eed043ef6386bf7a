// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import io.github.ema4j.train.error.UserError;
import io.github.ema4j.train.images.ImageSource;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code train eval}: validates the weights in a file. */
@Command(
    name = "eval",
    sortOptions = false,
    description =
        "Validates a checkpoint or an exported network, on images of the size that it was trained"
            + " on. For a file in the folder of a run, the images are those of the run.")
final class Evaluate implements Callable<Integer> {
  @Parameters(index = "0", paramLabel = "FILE", description = "Checkpoint or exported zip.")
  private Path file;

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "DIR",
      description =
          "Folder of images, with a part val/ or a folder for each class (default: those of the"
              + " run).")
  private Path folder;

  @ArgGroup(exclusive = true)
  private Which which = new Which();

  @Option(
      names = "--input-size",
      paramLabel = "SIZE",
      description =
          "Size of the images, N or C,H,W, for a file that does not say it: of another program, or"
              + " of an early version (default: that of the run).")
  private String inputSize;

  @Spec private CommandSpec command;

  /** Which of a checkpoint's weights to validate. */
  private static final class Which {
    @Option(names = "--averaged", description = "Validate the averaged weights only.")
    private boolean averaged;

    @Option(names = "--raw", description = "Validate the raw weights only.")
    private boolean raw;

    @Option(names = "--both", description = "Validate both (default).")
    private boolean both;
  }

  @Override
  public Integer call() throws IOException {
    SavedImages images = SavedImages.of(file, Optional.ofNullable(folder), inputSize);
    Acceleration acceleration = images.train().acceleration();
    acceleration.chooseLibrary();
    SavedWeights weights = SavedWeights.load(file);
    acceleration.applyForInference(weights.network());
    boolean single = weights.averages().isEmpty();
    if (single && (which.averaged || which.raw || which.both)) {
      throw new UserError(
          file + " holds one set of weights: leave out --averaged, --raw and --both");
    }
    ImageSource source = images.open(weights);
    Validation validation = images.train().validation(source);
    PrintWriter out = command.commandLine().getOut();
    out.printf("%d images of %s%n", source.validationImages(), source.validationPlace());
    try {
      if (!which.averaged) {
        out.println(
            EpochTable.row(
                single ? "weights" : "raw", Validation.score(validation.raw(weights.network()))));
      }
      for (int i = 0; i < weights.averages().size() && !which.raw; i++) {
        String name = weights.name(i);
        validation
            .averaged(weights.averages().get(i), weights.network())
            .ifPresent(result -> out.println(EpochTable.row(name, Validation.score(result))));
      }
    } catch (UserError e) {
      throw e;
    } catch (RuntimeException e) { // Deeplearning4j has several for input of a wrong shape
      throw new UserError(
          "%s cannot classify these images; give the --input-size that it was trained with (%s)"
              .formatted(file, e.getMessage()),
          e);
    }
    Train.sayUnreadable(source, out);
    return ExitCode.OK;
  }
}
