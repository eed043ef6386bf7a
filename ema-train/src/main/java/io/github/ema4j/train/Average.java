// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.NonFiniteParametersException;
import io.github.ema4j.core.NonFinitePolicy;
import io.github.ema4j.core.ParameterAverage;
import io.github.ema4j.core.schedule.DecaySchedule;
import io.github.ema4j.dl4j.NetworkParameter;
import io.github.ema4j.dl4j.ParameterSelection;
import io.github.ema4j.dl4j.export.EmaExport;
import io.github.ema4j.dl4j.internal.Networks;
import io.github.ema4j.train.error.UserError;
import io.github.ema4j.train.models.ImageShape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
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

/** {@code train average}: one network from the weights of one or several files. */
@Command(
    name = "average",
    sortOptions = false,
    description =
        "Writes the averaged network of a checkpoint as a plain model file of Deeplearning4j; of"
            + " several files, the average of their weights. Files of the same network only.")
final class Average implements Callable<Integer> {
  @Parameters(
      arity = "1..*",
      paramLabel = "FILE",
      description = "Checkpoints, whose averaged weights are taken, or other model files.")
  private List<Path> files;

  @Option(
      names = {"-o", "--output"},
      required = true,
      paramLabel = "OUT",
      description = "The file to write, which must not exist.")
  private Path output;

  @Option(names = "--raw", description = "Take the raw weights of checkpoints.")
  private boolean raw;

  @Option(
      names = "--which",
      paramLabel = "N",
      defaultValue = "1",
      description =
          "Which average of checkpoints with several, from 1 (default: ${DEFAULT-VALUE}).")
  private int which;

  @Option(
      names = "--schedule",
      paramLabel = "SPEC",
      defaultValue = "uniform()",
      description =
          "How the files are weighted, in their order: uniform() for their mean, or a decay"
              + " schedule that starts at the first, as in 'constant(decay=0.5)' (default:"
              + " ${DEFAULT-VALUE}).")
  private String schedule;

  @Spec private CommandSpec command;

  @Override
  public Integer call() throws IOException {
    if (!Files.isDirectory(output.toAbsolutePath().getParent())) {
      throw new UserError("--output " + output + ": make the folder first");
    }
    if (Files.exists(output)) {
      throw new UserError(output + " exists: give another --output, or delete it first");
    }
    SavedWeights first = SavedWeights.load(files.get(0));
    ParameterAverage average =
        new ParameterAverage(
            config(), weights(first), ParameterSelection.averageAll().coverageOf(first.network()));
    Set<ImageShape> sizes = new HashSet<>();
    for (Path file : files) {
      SavedWeights next = file.equals(first.file()) ? first : SavedWeights.load(file);
      add(next, first, average);
      next.inputSize().ifPresent(sizes::add);
    }
    EmaExport.save(output, Networks.copy(first.network(), average.shadow()), metadata(sizes));
    command
        .commandLine()
        .getOut()
        .printf(
            "%s: the weights of %d file%s%n", output, files.size(), files.size() > 1 ? "s" : "");
    return ExitCode.OK;
  }

  /**
   * What is said of the written network: nothing where the files were of images of several sizes.
   */
  private static Map<String, String> metadata(Set<ImageShape> sizes) {
    return sizes.size() == 1 ? InputSize.toTexts(sizes.iterator().next()) : Map.of();
  }

  private AveragingConfig config() {
    try {
      return AveragingConfig.builder()
          .schedule(DecaySchedule.parse(schedule))
          .onNonFinite(NonFinitePolicy.THROW)
          .build();
    } catch (IllegalArgumentException e) {
      throw new UserError("--schedule: " + e.getMessage(), e);
    }
  }

  private void add(SavedWeights next, SavedWeights first, ParameterAverage average) {
    if (!NetworkParameter.of(next.network()).equals(NetworkParameter.of(first.network()))) {
      throw new UserError(
          "%s and %s are different networks, whose weights have no average"
              .formatted(first.file(), next.file()));
    }
    try {
      average.update(weights(next));
    } catch (NonFiniteParametersException e) {
      throw new UserError(next.file() + " has weights that are not finite: leave it out", e);
    }
  }

  private INDArray weights(SavedWeights saved) {
    INDArray own = Networks.params(saved.network());
    int averages = saved.averages().size();
    if (averages == 0 && which > 1) {
      throw new UserError(
          "--which %d: %s has one set of weights and no averages: leave --which out"
              .formatted(which, saved.file()));
    }
    if (raw || averages == 0) {
      return own;
    }
    if (which < 1 || which > averages) {
      throw new UserError(
          "--which %d: %s has %s"
              .formatted(
                  which,
                  saved.file(),
                  IntStream.range(0, averages)
                      .mapToObj(i -> i + 1 + " (" + saved.name(i) + ")")
                      .collect(Collectors.joining(", "))));
    }
    return saved.averages().get(which - 1).shadow().castTo(own.dataType()).reshape(own.shape());
  }
}
