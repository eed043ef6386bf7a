// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.export;

import io.github.ema4j.core.internal.file.AtomicFile;
import io.github.ema4j.dl4j.checkpoint.EmaCheckpoint;
import io.github.ema4j.dl4j.evaluation.Comparison;
import io.github.ema4j.dl4j.evaluation.EmaEvaluator;
import io.github.ema4j.dl4j.evaluation.EvaluationResult;
import io.github.ema4j.dl4j.evaluation.Scores;
import io.github.ema4j.dl4j.internal.Networks;
import io.github.ema4j.dl4j.internal.file.EntriesJson;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.ToDoubleFunction;
import org.deeplearning4j.nn.api.Model;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the best raw and the best averaged network of a training run, as model files in a
 * directory. The two seldom are of the same epoch: averaged weights are often at their best later.
 * Of several averages, the best one of all comparisons is kept, with a note which it was; {@link
 * #keepingEach} keeps the best network of each besides.
 *
 * <pre>{@code
 * EmaEvaluator evaluator = new EmaEvaluator(ema, validationData);
 * BestModels best =
 *     BestModels.maximizing(
 *         directory, net, evaluator, result -> result.get(Evaluation.class).accuracy());
 * evaluator.everyEpochs(1).onComparison(best);
 * net.addListeners(ema);
 * net.fit(trainingData, epochs);
 *
 * Path file = best.averaged().orElseThrow().file();
 * MultiLayerNetwork averaged = MultiLayerNetwork.load(file.toFile(), false);
 * }</pre>
 *
 * <p>A file is replaced only by a strictly better network, and holds what was scored: the averaged
 * network, in the network's data type, with recalibrated batch-norm statistics if the evaluator
 * recalibrates (once more, so over data in a fixed order), and from a comparison after an iteration
 * the raw weights before Deeplearning4j applies constraints. The files {@value #RAW} and {@value
 * #AVERAGED} are ordinary model files of Deeplearning4j, without updater state; training goes on
 * from an {@link EmaCheckpoint}. The score is in the same file, in an entry {@code bestScore.json},
 * so that a run that is resumed with the same directory goes on comparing with the best so far.
 * Give each run, and each kind of score, a directory of its own.
 *
 * <p>Some of Deeplearning4j's metrics keep the wrong network. {@code Evaluation.f1()} leaves out
 * classes that were never predicted, and so rewards a network that has collapsed: take {@code
 * ClassScores.macroF1}. The exact AUC of {@code new ROC(0)} depends on the order of examples with
 * equal scores: pass a number of thresholds. {@code RegressionEvaluation.rSquared} of FLOAT labels
 * can be above 1: take the mean squared error. {@code ROCMultiClass.calculateAverageAUC} is NaN
 * where the data lacks a class, so that nothing is kept.
 *
 * <p>Not thread-safe: it belongs to the thread that trains.
 */
public final class BestModels implements Consumer<Comparison> {

  /** The file with the best raw network. */
  public static final String RAW = "bestRaw.zip";

  /** The file with the best averaged network. */
  public static final String AVERAGED = "bestAveraged.zip";

  private static final Logger log = LoggerFactory.getLogger(BestModels.class);

  /** Which score is best. */
  enum Goal {
    MINIMIZE,
    MAXIMIZE
  }

  /**
   * A network that is kept.
   *
   * @param file a model file of Deeplearning4j
   * @param score finite
   * @param iteration iterations that the network had made
   * @param epoch epochs that the network had completed
   * @param average which average it is of; empty for the raw network
   */
  public record Best(
      Path file, double score, int iteration, int epoch, Optional<Average> average) {}

  /**
   * One of the averages that are compared.
   *
   * @param index its place in the group, from 0
   * @param schedule the textual form of its decay schedule
   */
  public record Average(int index, String schedule) {}

  private final Path directory;
  private final Model network;
  private final EmaEvaluator evaluator;
  private final ToDoubleFunction<EvaluationResult> score;
  private final Goal goal;
  private Optional<Best> raw;
  private Optional<Best> averaged;
  private boolean keepsEach;
  private final Map<Integer, Best> each = new TreeMap<>(); // by index; those known so far
  private final Map<String, String> metadata = new LinkedHashMap<>();

  private BestModels(
      Path directory,
      Model network,
      EmaEvaluator evaluator,
      ToDoubleFunction<EvaluationResult> score,
      Goal goal)
      throws IOException {
    this.directory = Objects.requireNonNull(directory, "directory");
    this.network = Objects.requireNonNull(network, "network");
    this.evaluator = Objects.requireNonNull(evaluator, "evaluator");
    this.score = Objects.requireNonNull(score, "score");
    this.goal = goal;
    Files.createDirectories(directory);
    AtomicFile.deleteLeftovers(directory);
    raw = read(directory.resolve(RAW));
    averaged = read(directory.resolve(AVERAGED));
  }

  /**
   * Keeps the networks of the lowest score, such as a loss.
   *
   * @param directory made if it does not exist; networks that it holds already stay until better
   *     ones are found
   * @param network the network that trains
   * @param evaluator makes the comparisons
   * @param score of an evaluation; one that is not finite, or of predictions that are not, is never
   *     the best
   * @return to be given to {@code EmaHistory.onComparison}
   * @throws IOException if the directory cannot be made or a file in it cannot be read
   * @throws IllegalArgumentException if its networks were kept for the highest score
   */
  public static BestModels minimizing(
      Path directory,
      Model network,
      EmaEvaluator evaluator,
      ToDoubleFunction<EvaluationResult> score)
      throws IOException {
    return new BestModels(directory, network, evaluator, score, Goal.MINIMIZE);
  }

  /**
   * Keeps the networks of the highest score, such as an accuracy.
   *
   * @param directory made if it does not exist; networks that it holds already stay until better
   *     ones are found
   * @param network the network that trains
   * @param evaluator makes the comparisons
   * @param score of an evaluation; one that is not finite, or of predictions that are not, is never
   *     the best
   * @return to be given to {@code EmaHistory.onComparison}
   * @throws IOException if the directory cannot be made or a file in it cannot be read
   * @throws IllegalArgumentException if its networks were kept for the lowest score
   */
  public static BestModels maximizing(
      Path directory,
      Model network,
      EmaEvaluator evaluator,
      ToDoubleFunction<EvaluationResult> score)
      throws IOException {
    return new BestModels(directory, network, evaluator, score, Goal.MAXIMIZE);
  }

  /**
   * Keeps the best network of each average of a group, too, in the files that {@link #fileOf}
   * names. Costs a file for each, and no further evaluation.
   *
   * @return this
   */
  public BestModels keepingEach() {
    keepsEach = true;
    return this;
  }

  /**
   * The file with the best network of one average.
   *
   * @param index its place in the group, from 0
   * @return such as {@code bestAveraged-0.zip}
   */
  public static String fileOf(int index) {
    return "bestAveraged-" + index + ".zip";
  }

  /**
   * A text about the networks that whoever uses them has to know, such as the size of the images
   * that they were trained on. It is in the entry {@code metadata.json} of every file from now on.
   *
   * @param name of the text
   * @param value the text
   * @return this
   */
  public BestModels metadata(String name, String value) {
    metadata.put(Objects.requireNonNull(name, "name"), Objects.requireNonNull(value, "value"));
    return this;
  }

  /**
   * The best raw network.
   *
   * @return empty as long as there was no comparison with a finite score
   */
  public Optional<Best> raw() {
    return raw;
  }

  /**
   * The best averaged network.
   *
   * @return empty as long as there was no comparison with a finite score
   */
  public Optional<Best> averaged() {
    return averaged;
  }

  /**
   * The best network of one average, with {@link #keepingEach}.
   *
   * @param index its place in the group, from 0
   * @return empty as long as there was no comparison with a finite score, of this run since it was
   *     begun or resumed
   */
  public Optional<Best> averaged(int index) {
    return Optional.ofNullable(each.get(index));
  }

  /**
   * Takes in a comparison of the network as it is now.
   *
   * @param comparison made by the evaluator
   * @throws UncheckedIOException if a network cannot be saved, when the one kept before stays, or a
   *     file of {@link #keepingEach} be read
   * @throws IllegalArgumentException if such a file is of another average than that of its index
   */
  @Override
  public void accept(Comparison comparison) {
    try {
      if (comparison.averages().stream().allMatch(average -> average.result().isEmpty())) {
        acceptRaw(comparison, comparison.raw().score(score));
        return;
      }
      Scores scores =
          goal == Goal.MINIMIZE ? comparison.minimizing(score) : comparison.maximizing(score);
      acceptRaw(comparison, scores.raw());
      averaged = better(candidate(AVERAGED, comparison, scores.best()), averaged);
      if (keepsEach) {
        for (Scores.Averaged one : scores.averages()) {
          Best candidate = candidate(fileOf(one.index()), comparison, one);
          better(candidate, kept(candidate)).ifPresent(best -> each.put(one.index(), best));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The best of an average so far, from its file if this is the first that is heard of it. */
  private Optional<Best> kept(Best candidate) throws IOException {
    Average average = candidate.average().orElseThrow();
    Optional<Best> known = averaged(average.index());
    Optional<Best> kept = known.isPresent() ? known : read(candidate.file());
    if (kept.isPresent() && !kept.get().average().equals(candidate.average())) {
      throw new IllegalArgumentException(
          "The network in %s is of the average %s, but %s is compared with it: use another directory"
              .formatted(candidate.file(), kept.get().average().orElse(null), average));
    }
    return kept;
  }

  /** Saves an averaged network if it is better than the best so far; returns which is. */
  private Optional<Best> better(Best candidate, Optional<Best> best) throws IOException {
    if (!isBetter(candidate, best)) {
      return best;
    }
    save(candidate, evaluator.averagedNetwork(network, candidate.average().orElseThrow().index()));
    return Optional.of(candidate);
  }

  private void acceptRaw(Comparison comparison, double score) throws IOException {
    Best candidate = candidate(RAW, comparison, score, Optional.empty());
    if (isBetter(candidate, raw)) {
      save(candidate, network);
      raw = Optional.of(candidate);
    }
  }

  private Best candidate(String name, Comparison comparison, Scores.Averaged scored) {
    Average average = new Average(scored.index(), scored.schedule());
    return candidate(name, comparison, scored.score(), Optional.of(average));
  }

  private Best candidate(
      String name, Comparison comparison, double score, Optional<Average> average) {
    return new Best(
        directory.resolve(name), score, comparison.iteration(), comparison.epoch(), average);
  }

  private boolean isBetter(Best candidate, Optional<Best> best) {
    if (!Double.isFinite(candidate.score())) {
      log.warn("The score {} is not finite, so this network is not kept", candidate.score());
      return false;
    }
    return best.isEmpty()
        || (goal == Goal.MINIMIZE
            ? candidate.score() < best.get().score()
            : candidate.score() > best.get().score());
  }

  private void save(Best best, Model scored) throws IOException {
    byte[] json = BestScoreJson.write(best, goal);
    EmaExport.write(
        best.file(),
        scored,
        Networks.params(scored),
        best.iteration(),
        best.epoch(),
        zip -> {
          zip.text(BestScoreJson.ENTRY, json);
          if (!metadata.isEmpty()) {
            EntriesJson.write(zip, metadata);
          }
        });
    log.info("New best score {} in {}", best.score(), best.file());
  }

  private Optional<Best> read(Path file) throws IOException {
    return Files.exists(file) ? Optional.of(BestScoreJson.read(file, goal)) : Optional.empty();
  }
}
