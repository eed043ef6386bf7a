// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.checkpoint;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.internal.file.AtomicFile;
import io.github.ema4j.dl4j.EmaCheckpointException;
import io.github.ema4j.dl4j.EmaListener;
import io.github.ema4j.dl4j.ModelEmaListener;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.zip.ZipException;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.dataset.api.preprocessor.Normalizer;

/**
 * Saves a training run, the network and its average, in one file, and restores it so that training
 * goes on as if it had never stopped, bit for bit.
 *
 * <pre>{@code
 * EmaCheckpoint.save(file, net, ema);
 *
 * RestoredCheckpoint<MultiLayerNetwork> run = EmaCheckpoint.restoreMultiLayerNetwork(file);
 * run.network().addListeners(run.ema());
 * run.network().fit(trainingData, epochs - run.epoch());
 * }</pre>
 *
 * <p>The file is an ordinary model file of Deeplearning4j, which {@code MultiLayerNetwork.load} and
 * {@code ModelSerializer} read as the raw network; two more entries hold the average. It is written
 * to a temporary file first, forced to disk and then renamed: a crash leaves either the old file or
 * the new one. {@link EmaCheckpointListener} saves at intervals.
 *
 * <p>Save on the thread that trains, outside {@code fit} or from a listener that follows the {@link
 * ModelEmaListener}. Where Deeplearning4j has not counted an iteration or epoch yet, or not applied
 * constraints yet, the file has them counted and applied. It also holds the state of the thread's
 * random generator (for dropout), which restoring puts back.
 *
 * <p>Not in the file: the position in the training data, what the optimizers that search along a
 * line remember, and, in the middle of a sequence under truncated backpropagation through time, the
 * recurrent state: such networks are saved exactly between minibatches, so at the end of an epoch
 * or after {@code fit}.
 */
public final class EmaCheckpoint {

  private EmaCheckpoint() {}

  // ---------------------------------------------------------------- saving

  /**
   * Saves a network and its average, or all averages of a group.
   *
   * @param file to be made or replaced, in an existing directory
   * @param network the network that {@code ema} averages
   * @param ema the average, or several
   * @throws IOException if the file cannot be written; a file of that name is as it was then
   * @throws IllegalStateException if there is no average of this network, while the averaged
   *     weights are swapped in, or from a listener that runs before {@code ema}
   * @throws IllegalArgumentException if the network is too large for Deeplearning4j to restore
   */
  public static void save(Path file, Model network, EmaListener ema) throws IOException {
    builder(network, ema).save(file);
  }

  /**
   * Saves a network, its average and the normalizer of its data.
   *
   * @param file to be made or replaced, in an existing directory
   * @param network the network that {@code ema} averages
   * @param ema the average, or several
   * @param normalizer for example a DataNormalization
   * @throws IOException if the file cannot be written; a file of that name is as it was then
   */
  public static void save(Path file, Model network, EmaListener ema, Normalizer<?> normalizer)
      throws IOException {
    builder(network, ema).normalizer(normalizer).save(file);
  }

  /**
   * For checkpoints that hold more than the network and its averages.
   *
   * @param network the network that {@code ema} averages
   * @param ema the average, or several
   * @return a builder; nothing is read before {@link Builder#save}
   */
  public static Builder builder(Model network, EmaListener ema) {
    return new Builder(network, ema.members());
  }

  /** Says what a checkpoint holds, and saves it. */
  public static final class Builder {

    private final Model network;
    private final List<ModelEmaListener> averages;
    private Optional<Normalizer<?>> normalizer = Optional.empty();
    private Optional<Double> bestScore = Optional.empty();
    private final Map<String, String> metadata = new LinkedHashMap<>();

    private Builder(Model network, List<ModelEmaListener> averages) {
      this.network = Objects.requireNonNull(network, "network");
      this.averages = averages;
    }

    /**
     * The normalizer of the data, in the entry where Deeplearning4j looks for it.
     *
     * @param normalizer for example a DataNormalization
     * @return this
     */
    public Builder normalizer(Normalizer<?> normalizer) {
      this.normalizer = Optional.of(normalizer);
      return this;
    }

    /**
     * The best score so far, for a run that keeps its best network.
     *
     * @param score any finite number
     * @return this
     * @throws IllegalArgumentException if the score is NaN or infinite
     */
    public Builder bestScore(double score) {
      if (!Double.isFinite(score)) {
        throw new IllegalArgumentException("bestScore must be finite, but was " + score);
      }
      bestScore = Optional.of(score);
      return this;
    }

    /**
     * A text of the user, such as the name of the run.
     *
     * @param name of the text
     * @param value the text
     * @return this
     */
    public Builder metadata(String name, String value) {
      metadata.put(Objects.requireNonNull(name, "name"), Objects.requireNonNull(value, "value"));
      return this;
    }

    /**
     * Writes the checkpoint.
     *
     * @param file to be made or replaced, in an existing directory
     * @throws IOException if the file cannot be written; a file of that name is as it was then
     * @throws IllegalStateException if there is no average of this network, while the averaged
     *     weights are swapped in, or from a listener that runs before the average's
     * @throws IllegalArgumentException if the network is too large for Deeplearning4j to restore
     */
    public void save(Path file) throws IOException {
      CheckpointWriter writer = writer();
      writer.requireSavable();
      AtomicFile.write(file, writer::writeTo);
    }

    /**
     * Writes the checkpoint to a stream, for a store that is no file of this machine. The store has
     * to see to it that what is written is there wholly or not at all.
     *
     * @param out is not closed
     * @throws IOException if it cannot be written
     * @throws IllegalStateException as {@link #save}
     * @throws IllegalArgumentException as {@link #save}
     */
    public void writeTo(OutputStream out) throws IOException {
      writer().writeTo(out);
    }

    private CheckpointWriter writer() {
      return new CheckpointWriter(network, averages, normalizer, bestScore, metadata);
    }
  }

  // ---------------------------------------------------------------- restoring

  /**
   * Restores a MultiLayerNetwork and its average, and puts the calling thread's random generator
   * into the saved state. Restore on the thread that will train.
   *
   * @param file a checkpoint
   * @return the run, ready to go on
   * @throws EmaCheckpointException if the file is damaged, holds no average or another class of
   *     network, or has a format newer than this version of EMA4J
   * @throws IOException if it cannot be read
   */
  public static RestoredCheckpoint<MultiLayerNetwork> restoreMultiLayerNetwork(Path file)
      throws IOException {
    return restore(file, MultiLayerNetwork.class, Optional.empty());
  }

  /**
   * Restores a MultiLayerNetwork whose average must be the expected one; see {@link
   * #restoreMultiLayerNetwork(Path)}.
   *
   * @param file a checkpoint
   * @param expected how the average must have been made; needed for a custom schedule
   * @return the run, ready to go on
   * @throws EmaCheckpointException also if the settings differ, naming those that do
   * @throws IOException if the file cannot be read
   */
  public static RestoredCheckpoint<MultiLayerNetwork> restoreMultiLayerNetwork(
      Path file, AveragingConfig expected) throws IOException {
    return restore(file, MultiLayerNetwork.class, Optional.of(List.of(expected)));
  }

  /**
   * Restores a ComputationGraph and its average; see {@link #restoreMultiLayerNetwork(Path)}.
   *
   * @param file a checkpoint
   * @return the run, ready to go on
   * @throws EmaCheckpointException if the file is damaged, holds no average or another class of
   *     network, or has a format newer than this version of EMA4J
   * @throws IOException if it cannot be read
   */
  public static RestoredCheckpoint<ComputationGraph> restoreComputationGraph(Path file)
      throws IOException {
    return restore(file, ComputationGraph.class, Optional.empty());
  }

  /**
   * Restores a ComputationGraph whose average must be the expected one; see {@link
   * #restoreMultiLayerNetwork(Path)}.
   *
   * @param file a checkpoint
   * @param expected how the average must have been made; needed for a custom schedule
   * @return the run, ready to go on
   * @throws EmaCheckpointException also if the settings differ, naming those that do
   * @throws IOException if the file cannot be read
   */
  public static RestoredCheckpoint<ComputationGraph> restoreComputationGraph(
      Path file, AveragingConfig expected) throws IOException {
    return restore(file, ComputationGraph.class, Optional.of(List.of(expected)));
  }

  /**
   * Restores a network of either class and its average; see {@link
   * #restoreMultiLayerNetwork(Path)}.
   *
   * @param file a checkpoint
   * @return the run, ready to go on
   * @throws EmaCheckpointException if the file is damaged, holds no average, or has a format newer
   *     than this version of EMA4J
   * @throws IOException if it cannot be read
   */
  public static RestoredCheckpoint<Model> restore(Path file) throws IOException {
    return restore(file, Model.class, Optional.empty());
  }

  /**
   * Restores a network of either class whose average must be the expected one; see {@link
   * #restoreMultiLayerNetwork(Path)}.
   *
   * @param file a checkpoint
   * @param expected how the average must have been made; needed for a custom schedule
   * @return the run, ready to go on
   * @throws EmaCheckpointException also if the settings differ, naming those that do
   * @throws IOException if the file cannot be read
   */
  public static RestoredCheckpoint<Model> restore(Path file, AveragingConfig expected)
      throws IOException {
    return restore(file, Model.class, Optional.of(List.of(expected)));
  }

  /**
   * Restores a network of either class whose averages must be the expected ones; see {@link
   * #restoreMultiLayerNetwork(Path)}.
   *
   * @param file a checkpoint
   * @param expected how the averages must have been made, in their order
   * @return the run, ready to go on
   * @throws EmaCheckpointException also if number or settings differ, naming those that do
   * @throws IOException if the file cannot be read
   */
  public static RestoredCheckpoint<Model> restore(Path file, List<AveragingConfig> expected)
      throws IOException {
    return restore(file, Model.class, Optional.of(expected));
  }

  /**
   * Reads what a checkpoint says about itself, without its arrays.
   *
   * @param file a checkpoint
   * @return the information
   * @throws EmaCheckpointException if the file is damaged, holds no average, or has a format newer
   *     than this version of EMA4J
   * @throws IOException if it cannot be read
   */
  public static CheckpointInfo info(Path file) throws IOException {
    return CheckpointReader.read(file, CheckpointReader::info);
  }

  /**
   * Reads all of a checkpoint to see that nothing of it is damaged, without building a network.
   *
   * @param file a checkpoint
   * @return what it says about itself
   * @throws EmaCheckpointException if it is damaged
   * @throws IOException if it cannot be read
   */
  public static CheckpointInfo verify(Path file) throws IOException {
    return CheckpointReader.read(file, CheckpointReader::verify);
  }

  private static <N extends Model> RestoredCheckpoint<N> restore(
      Path file, Class<N> type, Optional<List<AveragingConfig>> expected) throws IOException {
    try {
      return CheckpointReader.read(file, checkpoint -> checkpoint.restore(type, expected));
    } catch (EmaCheckpointException e) {
      Optional<Path> earlier = CheckpointDirectory.lastIntactBefore(file);
      if (earlier.isEmpty() || !(e.getCause() instanceof ZipException)) {
        throw e;
      }
      throw new EmaCheckpointException(
          file,
          "%s. The newest one before it that is not damaged is %s"
              .formatted(e.getCause().getMessage(), earlier.get()),
          e);
    }
  }
}
