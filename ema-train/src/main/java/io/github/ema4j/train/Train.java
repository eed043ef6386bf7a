// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import static picocli.CommandLine.Model.UsageMessageSpec.SECTION_KEY_OPTION_LIST;

import io.github.ema4j.core.NonFiniteParametersException;
import io.github.ema4j.dl4j.EmaCheckpointException;
import io.github.ema4j.train.error.Printable;
import io.github.ema4j.train.error.Reason;
import io.github.ema4j.train.error.UserError;
import io.github.ema4j.train.images.ImageSource;
import io.github.ema4j.train.models.ImageShape;
import io.github.ema4j.train.models.ModelSettings;
import io.github.ema4j.train.models.Models;
import io.github.ema4j.train.record.RunDescription;
import io.github.ema4j.train.record.RunRecorder;
import io.github.ema4j.train.record.RunRecorders;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.deeplearning4j.datasets.iterator.EarlyTerminationDataSetIterator;
import org.deeplearning4j.nn.api.Model;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/**
 * Trains an image classifier and validates its weights and their average side by side.
 *
 * <pre>{@code
 * train ../imagenette2-320 --model resnet34 --model-ema --model-ema-decay 0.99
 * }</pre>
 */
@Command(
    name = "train",
    description = "Trains an image classifier, with an average of its weights if asked to.",
    sortOptions = false,
    abbreviateSynopsis = true,
    versionProvider = Version.class,
    subcommands = {ListModels.class, Evaluate.class, Average.class, Predict.class},
    exitCodeListHeading = "Exit codes:%n",
    exitCodeList = {
      "0:done",
      "1:the run failed: full disk, diverged weights",
      "2:wrong options, images or files, to be mended",
      "130:interrupted; --resume goes on"
    })
public final class Train implements Callable<Integer> {

  /** Images that batch-norm statistics are fitted to, at least; each such layer takes a pass. */
  private static final int CALIBRATION_IMAGES = 2048;

  /** With fewer, a network that starts from random weights learns the easiest of images alone. */
  private static final int FEW_STEPS = 300;

  private static final String NO_MODEL =
      "--model is missing: for images of your own name a network and a size that it can be trained"
          + " with in the time you have, such as --model resnet18 --input-size 64; list-models"
          + " shows all";

  @Mixin private DataOptions data;

  @Option(
      names = "--model",
      paramLabel = "NAME",
      description =
          "Network to train, one of list-models; to be named for a folder of images (default: lenet"
              + " for the images of EMA4J).")
  private String model;

  @Option(
      names = "--epochs",
      paramLabel = "N",
      defaultValue = "10",
      description = "Passes over the training images (default: ${DEFAULT-VALUE}).")
  private int epochs;

  @Mixin private EmaOptions ema;
  @Mixin private OptimizerOptions optimizer;
  @Mixin private Acceleration acceleration;
  @Mixin private OutputOptions output;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      scope = ScopeType.INHERIT,
      description = "Show this help and exit.")
  @SuppressWarnings("unused") // picocli reads it
  private boolean help;

  @Option(names = "--version", versionHelp = true, description = "Show versions and exit.")
  @SuppressWarnings("unused") // picocli reads it
  private boolean version;

  @Spec private CommandSpec command;

  @Override
  public Integer call() throws IOException {
    output.check();
    if (!output.resumes()) {
      return start();
    }
    RunDirectory run = RunDirectory.toResume(output);
    RunSettings before = RunSettings.read(run.settings());
    return withDefaultsOf(before).resume(run, before);
  }

  /** The same command line once more, with the settings of a run for what it leaves open. */
  private Train withDefaultsOf(RunSettings run) {
    Train train = with(arguments(), Optional.of(run));
    train.command.commandLine().setOut(out());
    return train;
  }

  /** This command with some arguments, the others as in a run. */
  static Train with(List<String> arguments, Optional<RunSettings> run) {
    Train train = new Train();
    CommandLine line = commandLine(train);
    run.ifPresent(settings -> line.setDefaultValueProvider(settings.asDefaults()));
    line.parseArgs(arguments.toArray(String[]::new));
    return train;
  }

  private List<String> arguments() {
    return command.commandLine().getParseResult().originalArgs();
  }

  // ---------------------------------------------------------------- a new run

  private int start() throws IOException {
    ImageSource source = prepare();
    RunDirectory.requireUnused(output);
    out()
        .printf(
            "Building %s for images of %s and %d classes%n",
            model, data.shape(), source.classes().size());
    out().flush();
    ModelSettings built = modelSettings(source);
    Model network = Models.create(model, built);
    if (ema.recalibrates() && !Nets.hasBatchNorm(network)) {
      throw new UserError("--model-ema-bn recalibrate: " + model + " has no batch norm");
    }
    RunSettings settings = settings(source);
    Averages averages = Averages.of(ema, source.trainingImages()).attachedTo(network);
    acceleration.apply(network);
    Models.tryOut(network, model, built);
    RunDirectory run = RunDirectory.create(output, model, data.shape());
    try (FileChannel ignored = run.lock()) {
      return train(run, settings, source, network, averages, RunRecorders.NEW_RUN);
    }
  }

  /** Checks the options, and puts those in place that depend on others. */
  private ImageSource prepare() {
    acceleration.chooseLibrary();
    if (epochs < 1) {
      throw new UserError("--epochs " + epochs + ": it has to be 1 or more");
    }
    optimizer.complete();
    ema.check();
    if (model != null) {
      Models.requireKnown(model);
    }
    ImageSource source = openImagesAndRequireModel();
    model = model == null ? "lenet" : model;
    data.training(); // checks its values
    return source;
  }

  /** Who mends a folder should know of the other thing that is missing. */
  private ImageSource openImagesAndRequireModel() {
    boolean missing = model == null && data.isFolder();
    ImageSource source;
    try {
      source = openImages();
    } catch (UserError e) {
      throw missing ? new UserError(e.getMessage() + ". And " + NO_MODEL, e) : e;
    }
    if (missing) {
      throw new UserError(NO_MODEL);
    }
    return source;
  }

  /** The images, and their size where it was left open. */
  private ImageSource openImages() {
    ImageSource source = data.open();
    data.complete(source);
    return source;
  }

  /** The images to validate on, and their size where it was left open. */
  ImageSource openForValidation() {
    ImageSource source = data.openForValidation();
    data.complete(source);
    return source;
  }

  /** The images to validate on in the size that a network was trained on. */
  ImageSource openForValidation(ImageShape shape) {
    data.sized(shape);
    return openForValidation();
  }

  /** After {@link #openForValidation()}. */
  ImageShape inputSize() {
    return data.shape();
  }

  private ModelSettings modelSettings(ImageSource source) {
    return new ModelSettings(
        data.shape(),
        source.classes().size(),
        optimizer.updater(),
        optimizer.weightDecay(),
        data.seed());
  }

  private RunSettings settings(ImageSource source) {
    return RunSettings.of(line(), command, source);
  }

  private String line() {
    return Stream.concat(Stream.of("train"), arguments().stream())
        .map(Train::quoted)
        .collect(Collectors.joining(" "));
  }

  /** For a shell. */
  private static String quoted(String argument) {
    return argument.matches("[A-Za-z0-9_./,:=@%+-]+")
        ? argument
        : "'" + argument.replace("'", "'\\''") + "'";
  }

  // ---------------------------------------------------------------- a run that goes on

  private int resume(RunDirectory run, RunSettings before) throws IOException {
    ImageSource source = prepare();
    RunSettings now = before.with(settings(source));
    before.requireSame(now, run.path());
    allowOrRefuseOtherRounding(before.roundingDifferences(now), run);
    before.folderChange(now).ifPresent(out()::println);
    try (FileChannel ignored = run.lock()) {
      Checkpoints checkpoints = new Checkpoints(run.checkpoints());
      Optional<Path> checkpoint = checkpoint(checkpoints);
      if (checkpoint.isEmpty()) {
        return resumeFromNothing(run, now, source);
      }
      int done = Checkpoints.epoch(checkpoint.get());
      if (!output.evalOnly()) {
        sayWhereItGoesOn(checkpoint.get(), done); // restoring a large network takes a while
      }
      Checkpoints.Restored restored =
          Checkpoints.restore(
              checkpoint.get(), Averages.of(ema, source.trainingImages()).configs());
      Averages averages = Averages.resumed(ema, source.trainingImages(), restored.averages());
      if (output.evalOnly()) {
        acceleration.applyForInference(restored.network());
        return validate(checkpoint.get(), restored.network(), averages, source);
      }
      return train(run, now, source, restored.network(), averages, done);
    }
  }

  private void sayWhereItGoesOn(Path checkpoint, int done) {
    if (epochs < done) {
      throw new UserError(
          "--epochs %d: %d are done; give as many or more, or an earlier checkpoint to go on from"
              .formatted(epochs, done));
    }
    if (done == epochs) {
      out()
          .printf(
              "This run is finished, with %1$d of %1$d epochs; to make it longer give more --epochs%n",
              done);
    } else {
      out().printf("Going on from %s%n", checkpoint);
    }
    out().flush();
  }

  private void allowOrRefuseOtherRounding(List<String> differences, RunDirectory run) {
    if (differences.isEmpty()) {
      return;
    }
    String all = String.join("; ", differences);
    if (!output.allowsOtherRounding()) {
      throw new UserError(
          "the run in %s cannot be resumed bit for bit: %s. Change that back, or give --allow-other-rounding to go on with results that differ by rounding"
              .formatted(run.path(), all));
    }
    out().printf("From here on results differ by rounding from those of the run so far: %s%n", all);
  }

  /** The checkpoint that --resume names, or else the latest one. */
  private Optional<Path> checkpoint(Checkpoints checkpoints) throws IOException {
    Path named = Path.of(output.resumed());
    return Files.isRegularFile(named) ? Optional.of(named) : checkpoints.latest();
  }

  private int resumeFromNothing(RunDirectory run, RunSettings settings, ImageSource source)
      throws IOException {
    if (output.evalOnly()) {
      throw new UserError(run.path() + " has no checkpoint yet: there is nothing to validate");
    }
    out().printf("No epoch of %s was finished: starting at its beginning%n", run.path());
    Model network = Models.create(model, modelSettings(source));
    return train(
        run,
        settings,
        source,
        network,
        Averages.of(ema, source.trainingImages()).attachedTo(network),
        0);
  }

  // ---------------------------------------------------------------- both

  private int train(
      RunDirectory run,
      RunSettings settings,
      ImageSource source,
      Model network,
      Averages averages,
      int after)
      throws IOException {
    RunDescription description =
        new RunDescription(
            settings.command(),
            settings.options(),
            Environment.describe(),
            model,
            Models.trainableParameters(network),
            data.description(),
            Instant.now());
    out()
        .printf(
            Locale.ROOT,
            "%s, %,d parameters, on %s: %d training and %d validation images of %d classes%n",
            model,
            description.parameters(),
            data.description(),
            source.trainingImages(),
            source.validationImages(),
            source.classes().size());
    out().println(acceleration.apply(network));
    sayIfStepsAreFew(source.trainingImages());
    out().printf("Results go to %s%n", run.path());
    out().flush();
    TrainingRun training =
        new TrainingRun(
            new TrainingRun.Parts(
                run,
                description,
                source,
                data.training(),
                optimizer.learningRates(epochs),
                validation(source),
                network,
                averages,
                acceleration,
                output.checkpointHistory()),
            out());
    training.check(after);
    settings.write(run.settings());
    training.deleteCheckpointsAfter(after);
    try (Interruption interruption = new Interruption(() -> sayHowToResume(run))) {
      try (RunRecorder recorder = RunRecorders.open(run.path(), description, after)) {
        Progress progress =
            new Progress(
                interruption,
                recorder,
                out(),
                output.logInterval(),
                averages::restores,
                System::nanoTime);
        training.train(Math.max(after, 0), progress, recorder);
      }
      boolean finite = training.end();
      sayUnreadable(source, out());
      return finite ? CommandLine.ExitCode.OK : CommandLine.ExitCode.SOFTWARE;
    } catch (NonFiniteParametersException e) {
      throw new IOException(e.getMessage() + "." + resumeHint(run), e);
    } catch (UserError e) {
      if (e.getCause() instanceof IOException) { // of the disk, not of the images
        throw new IOException(e.getMessage() + "." + resumeHint(run), e);
      }
      throw e;
    } catch (IOException e) {
      throw new IOException(e.getMessage() + "." + resumeHint(run), e);
    }
  }

  private void sayIfStepsAreFew(int images) {
    long steps = (long) epochs * data.batchesFor(images);
    if (steps < FEW_STEPS) {
      out()
          .printf(
              "%d steps in all (images / batch * epochs), which are few from random weights: use a smaller batch -b or more --epochs%n",
              steps);
    }
  }

  private void sayHowToResume(RunDirectory run) {
    out().printf("%nInterrupted.%s%n", resumeHint(run));
    if (Files.exists(run.averaged())) {
      out().printf("%s is still that of the end before it was resumed.%n", run.averaged());
    }
    out().flush();
  }

  private static String resumeHint(RunDirectory run) {
    return (hasCheckpoint(run)
            ? " All finished epochs are on disk; go on by: %s --resume %s"
            : " No epoch was finished: %s --resume %s starts from the beginning")
        .formatted(Environment.command(), quoted(run.path().toString()));
  }

  private static boolean hasCheckpoint(RunDirectory run) {
    try {
      return new Checkpoints(run.checkpoints()).latest().isPresent();
    } catch (IOException e) {
      return true; // what is there to go on from, --resume will say
    }
  }

  static void sayUnreadable(ImageSource source, PrintWriter out) {
    List<String> unreadable = source.unreadable();
    if (!unreadable.isEmpty()) {
      out.printf(
          "%d images could not be read and were left out: %s%n",
          unreadable.size(), Printable.of(String.join(", ", unreadable)));
    }
  }

  Acceleration acceleration() {
    return acceleration;
  }

  /** Validates on the images of a source, in the way that the options say. */
  Validation validation(ImageSource source) {
    Optional<DataSetIterator> calibration =
        ema.recalibrates() ? Optional.of(calibration(source)) : Optional.empty();
    return new Validation(source.validation(data.plain()), calibration);
  }

  /** Training images as they are, to fit batch-norm statistics to. */
  DataSetIterator calibration(ImageSource source) {
    return new EarlyTerminationDataSetIterator(
        source.training(data.plain(), 0), data.batchesFor(CALIBRATION_IMAGES));
  }

  private int validate(Path checkpoint, Model network, Averages averages, ImageSource source) {
    out().println(checkpoint);
    Validation validation = validation(source);
    out().println(EpochTable.row("raw", Validation.score(validation.raw(network))));
    for (int i = 0; i < averages.names().size(); i++) {
      String name = averages.names().get(i);
      validation
          .averaged(averages.listeners().get(i), network)
          .map(Validation::score)
          .ifPresent(score -> out().println(EpochTable.row("ema " + name, score)));
    }
    sayUnreadable(source, out());
    return CommandLine.ExitCode.OK;
  }

  private PrintWriter out() {
    return command.commandLine().getOut();
  }

  // ---------------------------------------------------------------- the program

  static CommandLine commandLine(Train train) {
    CommandLine line = new CommandLine(train);
    line.getHelpSectionMap().put(SECTION_KEY_OPTION_LIST, new GroupedOptions());
    return line.setCaseInsensitiveEnumValuesAllowed(true)
        .setAllowSubcommandsAsOptionParameters(true) // --model-ema-bn average
        .setParameterExceptionHandler(new WrongOptions())
        .setExecutionExceptionHandler(Train::failed);
  }

  private static int failed(Exception e, CommandLine command, ParseResult result) throws Exception {
    if (e instanceof UserError || e instanceof EmaCheckpointException) {
      command.getErr().println(Printable.of(e.getMessage()));
      return CommandLine.ExitCode.USAGE;
    }
    if (e instanceof IOException) {
      command.getErr().println("failed: " + Printable.of(inWords((IOException) e)));
      return CommandLine.ExitCode.SOFTWARE;
    }
    throw e; // picocli prints where it comes from and exits with the same code
  }

  /** Java's own exceptions about a file have only its name as their message. */
  private static String inWords(IOException e) {
    return e instanceof FileSystemException inFiles
        ? inFiles.getFile() + ": " + Reason.of(e)
        : String.valueOf(e.getMessage());
  }

  /** Runs with the given options and exits: 0 done, 1 failed, 2 to be mended, 130 interrupted. */
  public static void main(String[] arguments) {
    System.setProperty("java.awt.headless", "true"); // charts are drawn into files
    System.exit(commandLine(new Train()).execute(arguments));
  }
}
