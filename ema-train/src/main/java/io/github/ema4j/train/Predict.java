// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import io.github.ema4j.core.Swap;
import io.github.ema4j.train.error.Printable;
import io.github.ema4j.train.error.UserError;
import io.github.ema4j.train.images.PictureInput;
import io.github.ema4j.train.models.ImageShape;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code train predict}: what a network takes pictures for. */
@Command(
    name = "predict",
    sortOptions = false,
    description =
        "Says what is on pictures: the likeliest classes of each, and how sure the network is. Of a"
            + " checkpoint the averaged weights are taken.")
final class Predict implements Callable<Integer> {
  private static final int SHOWN = 3;

  @Parameters(index = "0", paramLabel = "FILE", description = "Checkpoint or exported zip.")
  private Path file;

  @Parameters(
      index = "1..*",
      arity = "1..*",
      paramLabel = "PICTURE",
      description = "JPEG or PNG files.")
  private List<Path> pictures;

  @Option(names = "--raw", description = "Take the raw weights of a checkpoint.")
  private boolean raw;

  @Spec private CommandSpec command;

  @Override
  public Integer call() throws IOException {
    Optional<RunSettings> run = RunDirectory.of(file).map(r -> RunSettings.read(r.settings()));
    Acceleration acceleration = Train.with(List.of(), run).acceleration();
    acceleration.chooseLibrary();
    SavedWeights weights = SavedWeights.load(file);
    acceleration.applyForInference(weights.network());
    if (raw && weights.averages().isEmpty()) {
      throw new UserError(file + " holds one set of weights: leave out --raw");
    }
    ImageShape size =
        weights
            .trainedOn()
            .inputSize()
            .orElseThrow(
                () ->
                    new UserError(
                        file
                            + " does not say which images it was trained on: it is not of this"
                            + " program, or of an early version"));
    List<String> classes = classes(weights, run);
    if (raw || weights.averages().isEmpty()) {
      return predict(weights, size, classes);
    }
    try (Swap averaged = weights.averages().get(0).swap(weights.network())) {
      return predict(weights, size, classes);
    }
  }

  /** Those that the file names, or its run, or numbers. */
  private static List<String> classes(SavedWeights weights, Optional<RunSettings> run) {
    List<String> named = weights.trainedOn().classes();
    if (named.isEmpty() && run.isPresent()) {
      named = run.get().classes();
    }
    long outputs = Nets.outputs(weights.network()).orElse(named.size());
    return named.size() == outputs
        ? named
        : IntStream.range(0, (int) outputs).mapToObj(i -> "class " + i).toList();
  }

  private int predict(SavedWeights weights, ImageShape size, List<String> classes) {
    PictureInput input = new PictureInput(size);
    PrintWriter out = command.commandLine().getOut();
    boolean allRead = true;
    for (Path picture : pictures) {
      try {
        INDArray likely = Nets.output(weights.network(), input.read(picture));
        out.printf("%s: %s%n", Printable.of(picture.toString()), best(likely, classes));
      } catch (IOException e) {
        command
            .commandLine()
            .getErr()
            .println(Printable.of(picture + " cannot be read: " + e.getMessage()));
        allRead = false;
      }
    }
    return allRead ? ExitCode.OK : ExitCode.USAGE;
  }

  private static String best(INDArray likely, List<String> classes) {
    return IntStream.range(0, classes.size())
        .boxed()
        .sorted(Comparator.comparingDouble(i -> -likely.getDouble(0, i)))
        .limit(SHOWN)
        .map(
            i ->
                String.format(
                    Locale.ROOT,
                    "%s %.1f %%",
                    Printable.of(classes.get(i)),
                    100 * likely.getDouble(0, i)))
        .collect(Collectors.joining(", "));
  }
}
