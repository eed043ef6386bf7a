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
import io.github.ema4j.dl4j.posthoc.GreedySoup;
import io.github.ema4j.train.error.UserError;
import io.github.ema4j.train.images.ImageSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.deeplearning4j.nn.api.Model;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
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

  @Option(
      names = "--greedy",
      description =
          "Take the mean of those files only that do each other good: from the best on, each stays"
              + " in if the mean with it is not less accurate on the validation images (a greedy"
              + " soup). Batch-norm statistics are fitted to each mean first.")
  private boolean greedy;

  @Option(
      names = "--validate",
      paramLabel = "DIR",
      description =
          "Folder of images with a part val/ for --greedy (default: those of the run that the first"
              + " file is of). Say how good the result is on other images.")
  private Path validation;

  @Spec private CommandSpec command;

  @Override
  public Integer call() throws IOException {
    if (!Files.isDirectory(output.toAbsolutePath().getParent())) {
      throw new UserError("--output " + output + ": make the folder first");
    }
    if (Files.exists(output)) {
      throw new UserError(output + " exists: give another --output, or delete it first");
    }
    if (greedy) {
      writeSoup();
      return ExitCode.OK;
    }
    if (validation != null) {
      throw new UserError("--validate is for --greedy: give that too, or leave it out");
    }
    SavedWeights first = SavedWeights.load(files.get(0));
    ParameterAverage average =
        new ParameterAverage(
            config(), weights(first), ParameterSelection.averageAll().coverageOf(first.network()));
    Set<TrainedOn> trainedOn = new HashSet<>();
    for (Path file : files) {
      SavedWeights next = file.equals(first.file()) ? first : SavedWeights.load(file);
      requireSameNetwork(next, first);
      try {
        average.update(weights(next));
      } catch (NonFiniteParametersException e) {
        throw notFinite(file, e);
      }
      trainedOn.add(next.trainedOn());
    }
    EmaExport.save(output, Networks.copy(first.network(), average.shadow()), metadata(trainedOn));
    print("%s: the weights of %d file%s%n", output, files.size(), files.size() > 1 ? "s" : "");
    return ExitCode.OK;
  }

  private void print(String format, Object... arguments) {
    command.commandLine().getOut().printf(Locale.ROOT, format, arguments);
  }

  // ---------------------------------------------------------------- those that do each other good

  private void writeSoup() throws IOException {
    if (command.commandLine().getParseResult().hasMatchedOption("--schedule")) {
      throw new UserError("--greedy takes plain means: leave --schedule out");
    }
    SavedImages images = SavedImages.of(files.get(0), Optional.ofNullable(validation), null);
    SavedWeights first = SavedWeights.load(files.get(0));
    ImageSource source = images.open(first);
    List<INDArray> candidates = new ArrayList<>();
    Set<TrainedOn> trainedOn = new HashSet<>();
    for (Path file : files) {
      SavedWeights next = file.equals(first.file()) ? first : SavedWeights.load(file);
      requireSameNetwork(next, first);
      requireFinite(file, weights(next));
      candidates.add(weights(next));
      trainedOn.add(next.trainedOn());
    }
    Validation scores = images.train().validation(source);
    DataSetIterator calibration = images.train().calibration(source);
    GreedySoup.Result<Model> soup =
        GreedySoup.maximizing(
                first.network(),
                candidate -> {
                  if (Nets.hasBatchNorm(candidate)) {
                    Nets.recalibrate(candidate, calibration);
                  }
                  return Validation.accuracy(scores.raw(candidate));
                })
            .of(candidates);
    for (GreedySoup.Trial trial : soup.trials()) {
      print(
          "  %6.2f %%  alone, %6.2f %% together, %s  %s%n",
          100 * trial.alone(),
          100 * trial.together(),
          trial.in() ? "in " : "out",
          files.get(trial.candidate()));
    }
    EmaExport.save(output, soup.network(), metadata(trainedOn));
    print(
        "%s: the weights of %d of %d files, %.2f %% on the images that they were chosen by%n",
        output, soup.chosen().size(), files.size(), 100 * soup.score());
    Train.sayUnreadable(source, command.commandLine().getOut());
  }

  private void requireFinite(Path file, INDArray weights) {
    try {
      new ParameterAverage(config(), weights).update(weights);
    } catch (NonFiniteParametersException e) {
      throw notFinite(file, e);
    }
  }

  // ---------------------------------------------------------------- the files

  /** What is said of the written network: nothing where the files say different things. */
  private static Map<String, String> metadata(Set<TrainedOn> trainedOn) {
    trainedOn.remove(TrainedOn.UNKNOWN);
    return trainedOn.size() == 1 ? trainedOn.iterator().next().toTexts() : Map.of();
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

  private static void requireSameNetwork(SavedWeights next, SavedWeights first) {
    if (!NetworkParameter.of(next.network()).equals(NetworkParameter.of(first.network()))) {
      throw new UserError(
          "%s and %s are different networks, whose weights have no average"
              .formatted(first.file(), next.file()));
    }
  }

  private static UserError notFinite(Path file, NonFiniteParametersException e) {
    return new UserError(file + " has weights that are not finite: leave it out", e);
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
