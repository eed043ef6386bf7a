// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.checkpoint;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.schedule.DecaySchedule;
import io.github.ema4j.dl4j.EmaCheckpointException;
import io.github.ema4j.dl4j.EmaListener;
import io.github.ema4j.dl4j.ModelEmaGroup;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.internal.Networks;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.nd4j.linalg.dataset.api.iterator.MultiDataSetIterator;

/**
 * A run with an average that can be killed at any time and started again by the same program, from
 * the last checkpoint of its directory:
 *
 * <pre>{@code
 * EmaRun<MultiLayerNetwork> run = EmaRun.startOrResume(directory, this::newNetwork);
 * run.fitUntil(trainingData, 10);
 * MultiLayerNetwork averaged = run.ema().only().averagedNetwork(run.network());
 * }</pre>
 *
 * <p>It saves a checkpoint at the end of every epoch and keeps the last three. With data in the
 * same order, a run that was killed ends with the bits of one that was not. For other intervals,
 * use {@link EmaCheckpointListener}.
 *
 * <p>Not thread-safe: it belongs to the thread that trains.
 *
 * @param <N> MultiLayerNetwork or ComputationGraph
 */
public final class EmaRun<N extends Model> {

  private static final int KEPT = 3;

  private final N network;
  private final EmaListener ema;
  private final boolean resumed;

  private EmaRun(Path directory, N network, EmaListener ema, boolean resumed) throws IOException {
    this.network = network;
    this.ema = ema;
    this.resumed = resumed;
    EmaCheckpointListener.builder(directory, ema).saveEveryEpoch().keepLast(KEPT).build();
    network.addListeners(ema);
  }

  /**
   * Begins a run with the average of {@link ModelEmaListener#ModelEmaListener()}, which fits a run
   * of any length, or goes on with it.
   *
   * @param directory of this run alone; made if it does not exist
   * @param newNetwork makes the network of a new run, initialised; called when resuming too, to
   *     compare
   * @param <N> MultiLayerNetwork or ComputationGraph
   * @return the run, whose average is registered with its network
   * @throws EmaCheckpointException if the checkpoints are of another network or average
   * @throws IOException if a checkpoint cannot be read
   */
  public static <N extends Model> EmaRun<N> startOrResume(Path directory, Supplier<N> newNetwork)
      throws IOException {
    return startOrResume(directory, newNetwork, new ModelEmaListener().config());
  }

  /**
   * Begins a run with an average of constant decay, or goes on with it.
   *
   * @param directory of this run alone; made if it does not exist
   * @param newNetwork makes the network of a new run, initialised; called when resuming too, to
   *     compare
   * @param decay in [0, 1]
   * @param <N> MultiLayerNetwork or ComputationGraph
   * @return the run, whose average is registered with its network
   * @throws EmaCheckpointException if the checkpoints are of another network or average
   * @throws IOException if a checkpoint cannot be read
   */
  public static <N extends Model> EmaRun<N> startOrResume(
      Path directory, Supplier<N> newNetwork, double decay) throws IOException {
    return startOrResume(directory, newNetwork, AveragingConfig.of(decay));
  }

  /**
   * Begins a run with a decay that changes, or goes on with it.
   *
   * @param directory of this run alone; made if it does not exist
   * @param newNetwork makes the network of a new run, initialised; called when resuming too, to
   *     compare
   * @param schedule the decay of each update
   * @param <N> MultiLayerNetwork or ComputationGraph
   * @return the run, whose average is registered with its network
   * @throws EmaCheckpointException if the checkpoints are of another network or average
   * @throws IOException if a checkpoint cannot be read
   */
  public static <N extends Model> EmaRun<N> startOrResume(
      Path directory, Supplier<N> newNetwork, DecaySchedule schedule) throws IOException {
    return startOrResume(directory, newNetwork, AveragingConfig.of(schedule));
  }

  /**
   * Begins a run with one or several averages, or goes on with it from the newest checkpoint that
   * is not damaged.
   *
   * @param directory of this run alone; made if it does not exist
   * @param newNetwork makes the network of a new run, initialised; called when resuming too, to
   *     compare
   * @param averages at least one
   * @param <N> MultiLayerNetwork or ComputationGraph
   * @return the run, whose averages are registered with its network
   * @throws EmaCheckpointException if the checkpoints are of another network or of other averages
   * @throws IOException if a checkpoint cannot be read
   */
  @SuppressWarnings("unchecked") // the class of a network is compared with that of a new one
  public static <N extends Model> EmaRun<N> startOrResume(
      Path directory, Supplier<N> newNetwork, AveragingConfig... averages) throws IOException {
    if (averages.length == 0) {
      throw new IllegalArgumentException("A run needs the configuration of at least one average");
    }
    N fresh = Objects.requireNonNull(newNetwork.get(), "newNetwork gave null");
    long parameters = Networks.params(fresh).length();
    Optional<Path> last = EmaCheckpointListener.lastIntactFile(directory);
    if (last.isEmpty()) {
      EmaListener ema =
          averages.length == 1 ? new ModelEmaListener(averages[0]) : ModelEmaGroup.of(averages);
      return new EmaRun<>(directory, fresh, ema, false);
    }
    RestoredCheckpoint<Model> restored = EmaCheckpoint.restore(last.get(), List.of(averages));
    Model saved = restored.network();
    if (saved.getClass() != fresh.getClass() || Networks.params(saved).length() != parameters) {
      throw new EmaCheckpointException(
          last.get(),
          "holds a %s of %d parameters, but the program makes a %s of %d. Use a directory of its own for another network"
              .formatted(
                  saved.getClass().getSimpleName(),
                  Networks.params(saved).length(),
                  fresh.getClass().getSimpleName(),
                  parameters));
    }
    EmaListener ema = averages.length == 1 ? restored.ema() : restored.group();
    return new EmaRun<>(directory, (N) saved, ema, true);
  }

  /**
   * The network that this run trains.
   *
   * @return a new one, or the one of the checkpoint
   */
  public N network() {
    return network;
  }

  /**
   * What averages the network, for an evaluator or an export.
   *
   * @return one average or several, as configured
   */
  public EmaListener ema() {
    return ema;
  }

  /**
   * Whether this run goes on from a checkpoint.
   *
   * @return false for a new one
   */
  public boolean isResumed() {
    return resumed;
  }

  /**
   * Trains until the run has an amount of epochs, those before a restart included.
   *
   * @param data is read once an epoch
   * @param epochs in all; nothing is done if the run has as many
   */
  public void fitUntil(DataSetIterator data, int epochs) {
    int left = left(epochs);
    if (left == 0) {
      return;
    }
    if (network instanceof MultiLayerNetwork layers) {
      layers.fit(data, left);
    } else {
      ((ComputationGraph) network).fit(data, left);
    }
  }

  /**
   * Trains a ComputationGraph until the run has an amount of epochs, those before a restart
   * included.
   *
   * @param data is read once an epoch
   * @param epochs in all; nothing is done if the run has as many
   * @throws IllegalStateException if the network is a MultiLayerNetwork
   */
  public void fitUntil(MultiDataSetIterator data, int epochs) {
    if (!(network instanceof ComputationGraph graph)) {
      throw new IllegalStateException(
          "A MultiLayerNetwork trains on a DataSetIterator, not on a MultiDataSetIterator");
    }
    int left = left(epochs);
    if (left > 0) {
      graph.fit(data, left);
    }
  }

  private int left(int epochs) {
    if (epochs < 1) {
      throw new IllegalArgumentException("epochs must be at least 1: " + epochs);
    }
    return Math.max(0, epochs - Networks.epochCount(network));
  }
}
