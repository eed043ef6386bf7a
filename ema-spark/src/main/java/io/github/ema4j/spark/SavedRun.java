// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.ParameterAverage;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.NetworkParameter;
import io.github.ema4j.dl4j.ParameterSelection;
import io.github.ema4j.dl4j.checkpoint.EmaCheckpoint;
import io.github.ema4j.dl4j.checkpoint.RestoredCheckpoint;
import io.github.ema4j.dl4j.internal.Networks;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.fs.Path;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A checkpoint of a run on Spark: an {@link EmaCheckpoint} with the position in the run among its
 * metadata.
 */
final class SavedRun {

  private final Path file;
  private final RestoredCheckpoint<Model> checkpoint;
  private final RunPosition position;

  private SavedRun(Path file, RestoredCheckpoint<Model> checkpoint) {
    this.file = file;
    this.checkpoint = checkpoint;
    position = RunPosition.fromTexts(checkpoint.info().metadata());
  }

  static void save(
      CheckpointStore store,
      Model network,
      ModelEmaListener ema,
      RunPosition position,
      RunSettings settings)
      throws IOException {
    EmaCheckpoint.Builder checkpoint = EmaCheckpoint.builder(network, ema);
    position.toTexts().forEach(checkpoint::metadata);
    settings.toTexts().forEach(checkpoint::metadata);
    store.save(position.round(), checkpoint::writeTo);
  }

  /**
   * The newest checkpoint of a run, whose average must have been made as expected.
   *
   * @throws IOException if it is damaged or another; the message of a damaged one names the newest
   *     before it that is not
   */
  static Optional<SavedRun> last(CheckpointStore store, AveragingConfig expected)
      throws IOException {
    List<Path> newestFirst = store.newestFirst();
    if (newestFirst.isEmpty()) {
      return Optional.empty();
    }
    Path file = newestFirst.get(0);
    java.nio.file.Path local = store.download(file);
    try {
      return Optional.of(new SavedRun(file, EmaCheckpoint.restore(local, expected)));
    } catch (IOException | IllegalArgumentException | ArithmeticException e) {
      String message = "%s cannot be resumed from: %s".formatted(file, e.getMessage());
      if (!isIntact(local)) {
        message += intactAmong(newestFirst.subList(1, newestFirst.size()), store);
      }
      throw new IOException(message, e);
    } finally {
      Files.deleteIfExists(local);
    }
  }

  /** What can be gone on from in place of a damaged checkpoint. */
  private static String intactAmong(List<Path> newestFirst, CheckpointStore store)
      throws IOException {
    for (Path earlier : newestFirst) {
      java.nio.file.Path local = store.download(earlier);
      try {
        if (isIntact(local)) {
          return ". The newest one before it that is intact is %s: to go on from that, move those after it out of its directory"
              .formatted(earlier);
        }
      } finally {
        Files.deleteIfExists(local);
      }
    }
    return ". There is no earlier one that is intact: give another directory to start anew";
  }

  private static boolean isIntact(java.nio.file.Path local) {
    try {
      EmaCheckpoint.verify(local);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  @Override
  public String toString() {
    return file.toString();
  }

  RunPosition position() {
    return position;
  }

  /**
   * The run goes on with the settings that it had.
   *
   * @throws IOException if it would not
   */
  void requireSettings(RunSettings now) throws IOException {
    Map<String, String> then = checkpoint.info().metadata();
    List<String> differences = new ArrayList<>();
    now.toTexts()
        .forEach(
            (name, value) -> {
              if (!value.equals(then.get(name))) {
                differences.add("%s was %s and is %s".formatted(name, then.get(name), value));
              }
            });
    if (!differences.isEmpty()) {
      throw new IOException(
          "%s is of a run with other settings: %s. To go on with new ones, restore network and average with EmaCheckpoint and begin a run of its own"
              .formatted(file, String.join("; ", differences)));
    }
  }

  /**
   * Puts weights, updater state and counts into a network as the program makes it.
   *
   * @return goes on with the average, of that network
   * @throws IOException if the network is another
   */
  ModelEmaListener putInto(Model network, ParameterSelection selection) throws IOException {
    Model saved = checkpoint.network();
    if (Networks.type(network) != Networks.type(saved)
        || !NetworkParameter.of(network).equals(NetworkParameter.of(saved))) {
      throw new IOException(
          "%s is of another network: its %s has %s, but this %s has %s"
              .formatted(
                  file,
                  Networks.type(saved).getSimpleName(),
                  NetworkParameter.of(saved),
                  Networks.type(network).getSimpleName(),
                  NetworkParameter.of(network)));
    }
    ParameterAverage average = checkpoint.ema().average();
    if (!average.coverage().equals(selection.coverageOf(network))) {
      throw new IOException(
          "%s has an average of another selection of parameters: it covers %s, but now %s is asked for"
              .formatted(file, average.coverage(), selection.coverageOf(network)));
    }
    Networks.params(network).assign(Networks.params(saved));
    putState(network, saved);
    return ModelEmaListener.resume(network, average);
  }

  private static void putState(Model network, Model saved) {
    if (network instanceof MultiLayerNetwork mln) {
      INDArray state = ((MultiLayerNetwork) saved).getUpdater().getStateViewArray();
      if (state != null) {
        mln.getUpdater().setStateViewArray(mln, state, false);
      }
      mln.setIterationCount(Networks.iterationCount(saved));
      mln.setEpochCount(Networks.epochCount(saved));
    } else {
      ComputationGraph graph = (ComputationGraph) network;
      INDArray state = ((ComputationGraph) saved).getUpdater().getStateViewArray();
      if (state != null) {
        graph.getUpdater().setStateViewArray(state);
      }
      graph.getConfiguration().setIterationCount(Networks.iterationCount(saved));
      graph.getConfiguration().setEpochCount(Networks.epochCount(saved));
    }
  }
}
