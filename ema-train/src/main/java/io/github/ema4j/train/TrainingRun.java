// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import io.github.ema4j.dl4j.EmaCheckpointException;
import io.github.ema4j.dl4j.EmaListener;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.diagnostics.EmaReport;
import io.github.ema4j.dl4j.evaluation.Comparison;
import io.github.ema4j.dl4j.evaluation.EvaluationResult;
import io.github.ema4j.dl4j.export.BestModels;
import io.github.ema4j.dl4j.export.EmaExport;
import io.github.ema4j.dl4j.internal.Networks;
import io.github.ema4j.train.error.UserError;
import io.github.ema4j.train.images.ImageSource;
import io.github.ema4j.train.images.LoadOptions;
import io.github.ema4j.train.record.AveragedResult;
import io.github.ema4j.train.record.Curves;
import io.github.ema4j.train.record.EpochHistory;
import io.github.ema4j.train.record.EpochResult;
import io.github.ema4j.train.record.Guessing;
import io.github.ema4j.train.record.RunDescription;
import io.github.ema4j.train.record.RunFindings;
import io.github.ema4j.train.record.RunRecorder;
import io.github.ema4j.train.record.RunRecorders;
import io.github.ema4j.train.record.RunReport;
import io.github.ema4j.train.record.Score;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.deeplearning4j.nn.api.Model;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Trains a network epoch by epoch.
 *
 * <p>An epoch is a function of the state at its start, the seed and its number: images come in an
 * order, and dropout draws numbers, that depend on nothing else. Its end is recorded first and then
 * saved, so a process that dies at any moment leaves a checkpoint to go on from, and records of no
 * more than one epoch after it, which is then trained again to the same bits.
 */
final class TrainingRun {
  private static final EmaListener NO_AVERAGE = new ModelEmaListener(0);

  private static final double SECONDS_WITHOUT_A_WORD = 5;

  private final RunDirectory directory;
  private final RunDescription description;
  private final ImageSource source;
  private final LoadOptions loading;
  private final LearningRates rates;
  private final Validation validation;
  private final Model network;
  private final Averages averages;
  private final Acceleration acceleration;
  private final Checkpoints checkpoints;
  private final int keep;
  private final Map<String, String> metadata;
  private final PrintWriter out;

  /** All that a run needs, as the command has prepared it. */
  record Parts(
      RunDirectory directory,
      RunDescription description,
      ImageSource source,
      LoadOptions loading,
      LearningRates rates,
      Validation validation,
      Model network,
      Averages averages,
      Acceleration acceleration,
      int keep) {}

  TrainingRun(Parts parts, PrintWriter out) {
    directory = parts.directory();
    description = parts.description();
    source = parts.source();
    loading = parts.loading();
    rates = parts.rates();
    validation = parts.validation();
    network = parts.network();
    averages = parts.averages();
    acceleration = parts.acceleration();
    checkpoints = new Checkpoints(directory.checkpoints());
    keep = parts.keep();
    metadata = InputSize.toTexts(loading.shape());
    this.out = out;
  }

  /** Trains the epochs after {@code done}; they count from 1. */
  void train(int done, Progress progress, RunRecorder recorder) throws IOException {
    averages.registerWith(network);
    network.addListeners(progress);
    for (int epoch = done + 1; epoch <= rates.epochs(); epoch++) {
      double rate = rates.at(epoch - 1);
      Nets.setLearningRate(network, rate);
      acceleration.apply(network);
      Nd4j.getRandom().setSeed(seedOf(epoch));
      progress.begin(
          new Progress.Plan(
              epoch,
              rates.epochs(),
              Networks.iterationCount(network),
              loading.batchSize(),
              source.trainingImages()),
          rate);
      Nets.fit(network, source.training(loading, epoch - 1));
      finish(epoch, rate, progress, recorder);
    }
  }

  /**
   * Refuses a damaged record or best network now, when nothing of the run has been changed yet, and
   * not when an epoch has been trained. Says which best network is not there.
   *
   * @param after the last epoch that is not trained again, or {@link RunRecorders#NEW_RUN}
   */
  void check(int after) throws IOException {
    RunRecorders.check(directory.path(), after);
    BestModels best;
    try {
      best = bestModels();
    } catch (EmaCheckpointException e) {
      throw new UserError( // without its cause, as it is none of the disk
          "%s. Put it back from a copy, or delete it: the best of the epochs to come is kept then"
              .formatted(e.getMessage()));
    }
    if (after > 0) {
      sayMissing(best.raw(), BestModels.RAW);
      if (averages.group().isPresent()) {
        sayMissing(best.averaged(), BestModels.AVERAGED);
      }
    }
  }

  private void sayMissing(Optional<BestModels.Best> best, String name) {
    if (best.isEmpty()) {
      out.printf(
          "%s is not there: the best of the epochs to come is kept%n",
          directory.checkpoints().resolve(name));
    }
  }

  /** Only the checkpoint that the run goes on from, and those before it, stay. */
  void deleteCheckpointsAfter(int after) throws IOException {
    checkpoints.deleteAfter(Math.max(after, 0));
  }

  /** Another one for each epoch, but never 0, which would leave ND4J's generator unseeded. */
  private long seedOf(int epoch) {
    long mixed = (loading.seed() + epoch * 0x9E3779B97F4A7C15L) * 0xBF58476D1CE4E5B9L;
    return (mixed ^ (mixed >>> 31)) | 1;
  }

  private void finish(int epoch, double rate, Progress progress, RunRecorder recorder)
      throws IOException {
    double imagesPerSecond = progress.imagesPerSecond();
    sayThatValidationTakesLong(imagesPerSecond);
    EvaluationResult raw = validation.raw(network);
    List<AveragedResult> results = new ArrayList<>();
    List<Optional<EvaluationResult>> averaged = new ArrayList<>();
    for (int i = 0; i < averages.names().size(); i++) {
      ModelEmaListener ema = averages.listeners().get(i);
      averaged.add(validation.averaged(ema, network));
      results.add(result(averages.names().get(i), ema, raw, averaged.get(i)));
    }
    EpochResult result =
        new EpochResult(
            epoch,
            Networks.iterationCount(network),
            rate,
            progress.meanLoss(),
            Validation.score(raw),
            results,
            progress.seconds(),
            imagesPerSecond);
    recorder.epoch(result);
    keepBest(raw, averaged);
    checkpoints.save(network, averages.group(), metadata, epoch, keep);
    report();
    out.print(EpochTable.rows(result, rates.epochs())); // last: what is said to be done is on disk
    out.flush();
  }

  /** A forward pass takes about a third of a step. */
  private void sayThatValidationTakesLong(double imagesPerSecond) {
    int sets = 1 + averages.names().size();
    if (sets * source.validationImages() / (3 * imagesPerSecond) > SECONDS_WITHOUT_A_WORD) {
      out.printf(
          "validating %d sets of weights on %d images ...%n", sets, source.validationImages());
      out.flush();
    }
  }

  private AveragedResult result(
      String name,
      ModelEmaListener ema,
      EvaluationResult raw,
      Optional<EvaluationResult> averaged) {
    EmaReport report = EmaReport.of(ema, network);
    return new AveragedResult(
        name,
        ema.config().schedule().spec(),
        report.updates() == 0 ? 0 : report.decay(),
        report.initialShare(),
        Double.isFinite(report.distance())
            ? OptionalDouble.of(report.distance())
            : OptionalDouble.empty(),
        report.restores(),
        averaged.map(Validation::score),
        averaged.flatMap(result -> Validation.gain(raw, result)));
  }

  /** Compares the raw weights, and of the averages that which is best now, with the best so far. */
  private void keepBest(EvaluationResult raw, List<Optional<EvaluationResult>> averaged)
      throws IOException {
    List<ModelEmaListener> members = averages.listeners();
    Comparison now =
        Comparison.of(
            network, raw, members, member -> averaged.get(members.indexOf(member)).orElseThrow());
    BestModels models = bestModels();
    Writing.to(directory.checkpoints(), () -> models.accept(now));
  }

  /** Of equal accuracies the first; empty if there are none. */
  private static OptionalInt indexOfBest(List<Optional<Double>> accuracies) {
    return IntStream.range(0, accuracies.size())
        .filter(i -> accuracies.get(i).isPresent())
        .reduce((a, b) -> accuracies.get(b).get() > accuracies.get(a).get() ? b : a);
  }

  /** Those of all epochs so far: their scores are read from the files. */
  private BestModels bestModels() throws IOException {
    // Where nothing is averaged, nothing is asked of this listener.
    EmaListener ema = averages.group().isPresent() ? averages.group().get() : NO_AVERAGE;
    BestModels models =
        BestModels.maximizing(
            directory.checkpoints(), network, validation.evaluator(ema), Validation::accuracy);
    metadata.forEach(models::metadata);
    return models;
  }

  private void report() {
    List<EpochResult> epochs = EpochHistory.read(directory.history()).epochs();
    RunReport.write(
        directory.report(),
        description,
        epochs,
        new RunFindings(guessing(), divergence(epochs), source.unreadable()),
        ZoneId.systemDefault());
    Curves.write(directory.path(), epochs);
  }

  private Guessing guessing() {
    return new Guessing(source.largestValidationClass(), source.validationImages());
  }

  private Optional<String> divergence(List<EpochResult> epochs) {
    return Divergence.of(network.params(), epochs, source.classes().size());
  }

  /**
   * Saves the averaged network and says what has come of the run.
   *
   * @return whether training has not diverged: the raw weights and their losses are finite, and no
   *     worse than they were at the first epoch and than guessing
   */
  boolean end() throws IOException {
    List<EpochResult> epochs = EpochHistory.read(directory.history()).epochs();
    OptionalInt bestAtEnd = bestAverage(epochs);
    if (bestAtEnd.isPresent()) {
      export(averages.listeners().get(bestAtEnd.getAsInt()));
    }
    report();
    BestModels best = bestModels();
    best.raw().ifPresent(file -> say("best raw", file));
    best.averaged().ifPresent(file -> say("best averaged", file));
    if (bestAtEnd.isPresent()) {
      sayExported(epochs.get(epochs.size() - 1).averages().get(bestAtEnd.getAsInt()));
    }
    Optional<String> divergence = divergence(epochs);
    if (divergence.isEmpty()) {
      unlearnt(epochs).ifPresentOrElse(out::println, this::adviseOnDecays);
    }
    out.printf("report: %s%n", directory.report());
    if (divergence.isEmpty()) {
      return true;
    }
    out.printf(
        "The raw weights diverged and are of no use: %s. %s%n",
        divergence.get(),
        best.averaged()
            .map(good -> "The best averaged weights are in " + good.file())
            .orElse("No averaged weights were of use either"));
    return false;
  }

  /** What to say of a network that does no better than guessing: no decay would help it. */
  private Optional<String> unlearnt(List<EpochResult> epochs) {
    return epochs.isEmpty() ? Optional.empty() : guessing().verdict(epochs.get(epochs.size() - 1));
  }

  private void adviseOnDecays() {
    for (int i = 0; i < averages.names().size(); i++) {
      for (String advice : EmaReport.of(averages.listeners().get(i), network).advice()) {
        out.printf("ema %s: %s%n", averages.names().get(i), inFlags(advice));
      }
    }
  }

  /** The library's advice for those who have flags and no Java. */
  private static String inFlags(String advice) {
    return advice
        .replace(
            "use a schedule that fits any run (DecaySchedule.powerFunction(0.05))",
            "take --model-ema-decay auto")
        .replace("a decay of ", "--model-ema-decay ");
  }

  private void say(String what, BestModels.Best best) {
    out.printf(
        Locale.ROOT,
        "%s: accuracy %.2f %% in epoch %d%s, %s%n",
        what,
        100 * best.score(),
        best.epoch(),
        best.average().map(this::nameAmongSeveral).orElse(""),
        best.file());
  }

  private String nameAmongSeveral(BestModels.Average average) {
    List<String> names = averages.names();
    return names.size() == 1 ? "" : " of ema " + names.get(average.index());
  }

  /** The file of the end, which an earlier epoch may have been better than. */
  private void sayExported(AveragedResult average) {
    out.printf(
        Locale.ROOT,
        "averaged network at the end (%.2f %%%s): %s%n",
        100 * average.score().orElseThrow().accuracy(),
        averages.names().size() == 1 ? "" : " of ema " + average.name(),
        directory.averaged());
  }

  /** Of the averages that which was best in the last epoch, if there are any. */
  private static OptionalInt bestAverage(List<EpochResult> epochs) {
    return epochs.isEmpty()
        ? OptionalInt.empty()
        : indexOfBest(
            epochs.get(epochs.size() - 1).averages().stream()
                .map(average -> average.score().map(Score::accuracy))
                .toList());
  }

  private void export(ModelEmaListener ema) throws IOException {
    Model averaged = validation.evaluator(ema).averagedNetwork(network);
    Writing.to(
        directory.averaged(), () -> EmaExport.save(directory.averaged(), averaged, metadata));
  }
}
