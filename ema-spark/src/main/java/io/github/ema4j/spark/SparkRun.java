// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.internal.Networks;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingResult;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A run on Spark as the driver has it: the average, the position in the data, the checkpoints, and
 * what follows the average. It is told when a fit begins, when a round is done and when a fit is.
 */
final class SparkRun {

  private static final Logger log = LoggerFactory.getLogger(EmaTrainingMaster.class);

  private final AveragePlan plan;
  private final RunSettings settings;
  private final Optional<CheckpointStore> store;
  private final ModelEmaListener ema;
  private final RoundAveraging averaging;
  private final boolean resumed;
  private RunPosition position;

  private SparkRun(
      AveragePlan plan,
      RunSettings settings,
      Optional<CheckpointStore> store,
      ModelEmaListener ema,
      boolean resumed,
      RunPosition position) {
    this.plan = plan;
    this.settings = settings;
    this.store = store;
    this.ema = ema;
    this.resumed = resumed;
    this.position = position;
    averaging =
        settings.everyStep()
            ? new RoundAveraging.PerStep(ema)
            : new RoundAveraging.OncePerRound(ema, settings);
  }

  /**
   * Begins a run with this network, or puts the last checkpoint into it if there is one.
   *
   * @param newSeed of a run that begins
   * @throws IOException if the checkpoint cannot be read, or is of another run
   */
  static SparkRun open(
      AveragePlan plan, RunSettings settings, Model network, Configuration hadoop, long newSeed)
      throws IOException {
    Optional<CheckpointStore> store = plan.checkpoints().map(where -> where.open(hadoop));
    Optional<SavedRun> saved =
        store.isPresent() ? SavedRun.last(store.get(), plan.averaging()) : Optional.empty();
    return saved.isPresent()
        ? resume(plan, settings, store, network, saved.get())
        : start(plan, settings, store, network, newSeed);
  }

  private static SparkRun start(
      AveragePlan plan,
      RunSettings settings,
      Optional<CheckpointStore> store,
      Model network,
      long seed) {
    ModelEmaListener ema = new ModelEmaListener(plan.averaging(), plan.selection()).start(network);
    RunPosition position = RunPosition.start(seed, Networks.epochCount(network));
    SparkRun run = new SparkRun(plan, settings, store, ema, false, position);
    log.info(
        "{} workers make {} iterations per round; the average moves {}",
        settings.workers(),
        settings.averagingFrequency(),
        run.averaging.description());
    return run;
  }

  private static SparkRun resume(
      AveragePlan plan,
      RunSettings settings,
      Optional<CheckpointStore> store,
      Model network,
      SavedRun saved)
      throws IOException {
    saved.requireSettings(settings);
    ModelEmaListener ema = saved.putInto(network, plan.selection());
    RunPosition position = saved.position();
    log.info(
        "Going on in epoch {} after split {} of {} (round {}), from {}",
        position.epoch(),
        position.split(),
        position.splits(),
        position.round(),
        saved);
    return new SparkRun(plan, settings, store, ema, true, position);
  }

  boolean isResumed() {
    return resumed;
  }

  ModelEmaListener ema() {
    return ema;
  }

  long rounds() {
    return position.round();
  }

  // ---------------------------------------------------------------- one fit

  /**
   * Enters the epoch that the network is in.
   *
   * @throws IllegalStateException if the network must not be trained
   */
  void beginFit(Model network) {
    if (!ema.isAverageOf(network)) {
      throw new IllegalStateException(
          "This EmaTrainingMaster averages another network: build a new one for each network");
    }
    if (ema.isSwapped()) {
      throw new IllegalStateException(
          "Training while the averaged weights are swapped in would train them and lose the raw"
              + " ones: close the Swap first");
    }
    position = position.inEpoch(Networks.epochCount(network));
    tell(follower -> follower.onEpochStart(network));
  }

  /** Divides the data of this epoch among its rounds. */
  long epochSeed() {
    return position.epochSeed();
  }

  /**
   * The data must make as many splits as it did before the run was interrupted.
   *
   * @throws IllegalStateException if it does not
   */
  void requireSplits(int splits) {
    if (position.split() > 0 && position.splits() != splits) {
      throw new IllegalStateException(
          "The checkpoint was made after split %d of %d, but the data now makes %d splits: resume with the data that the run began with"
              .formatted(position.split(), position.splits(), splits));
    }
  }

  /** Whether a split of this epoch was trained on before the run was interrupted. */
  boolean isDone(int split) {
    return split <= position.split();
  }

  /** For workers that average after every step. */
  Broadcast<PerStepStart> broadcastAverage(JavaSparkContext sc) {
    return ((RoundAveraging.PerStep) averaging).broadcastAverage(sc);
  }

  /** The workers' results of a round, to be summed by Deeplearning4j. */
  JavaRDD<ParameterAveragingTrainingResult> watched(
      JavaRDD<ParameterAveragingTrainingResult> results) {
    return averaging.watched(results);
  }

  /**
   * Moves the average, tells what follows it, and saves a checkpoint if one is due.
   *
   * @param iterations of the round; none in a round without data
   * @param split that it was made of
   * @param splits of this epoch
   */
  void roundDone(Model network, int iterations, int split, int splits) {
    averaging.roundDone(network, iterations);
    if (iterations > 0) {
      // With the number that the iteration had while it ran, as in any fit.
      int last = Networks.iterationCount(network) - 1;
      tell(follower -> follower.iterationDone(network, last, Networks.epochCount(network)));
    }
    position = position.afterSplit(split, splits);
    if (store.isPresent() && isDue(split == splits)) {
      save(store.get(), network);
    }
  }

  private boolean isDue(boolean lastOfEpoch) {
    return lastOfEpoch || position.round() % plan.checkpoints().orElseThrow().everyRounds() == 0;
  }

  private void save(CheckpointStore to, Model network) {
    try {
      SavedRun.save(to, network, ema, position, settings);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "The checkpoint of round %d could not be written to %s".formatted(position.round(), to),
          e);
    }
  }

  /** After the last round of a fit. */
  void fitDone(Model network) {
    tell(follower -> follower.onEpochEnd(network));
  }

  /** What follows the average is called on the driver, between the rounds. */
  private void tell(Consumer<TrainingListener> callback) {
    ema.followers().forEach(callback);
  }
}
