// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.checkpoint;

import static org.deeplearning4j.util.ModelSerializer.COEFFICIENTS_BIN;
import static org.deeplearning4j.util.ModelSerializer.CONFIGURATION_JSON;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.Coverage;
import io.github.ema4j.core.ParameterAverage;
import io.github.ema4j.core.internal.file.AtomicFile;
import io.github.ema4j.core.state.AverageInfo;
import io.github.ema4j.core.state.AverageState;
import io.github.ema4j.dl4j.EmaCheckpointException;
import io.github.ema4j.dl4j.EmaListener;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.Moment;
import io.github.ema4j.dl4j.ParameterSelection;
import io.github.ema4j.dl4j.internal.Networks;
import io.github.ema4j.dl4j.internal.file.ModelEntries;
import io.github.ema4j.dl4j.internal.file.ZipReader;
import io.github.ema4j.dl4j.internal.file.ZipWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.preprocessor.Normalizer;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.shade.jackson.core.JsonProcessingException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

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

  private static final Logger log = LoggerFactory.getLogger(EmaCheckpoint.class);

  static final String STATE_JSON = "emaState.json";
  static final String SHADOW_BIN = "emaShadow.bin";

  /** The entry with the values of one of several averages. */
  static String shadowBin(int index) {
    return index == 0 ? SHADOW_BIN : "emaShadow" + (index + 1) + ".bin";
  }

  /** The entry with the variances of one of several averages that its values hold as logarithms. */
  static String variancesBin(int index) {
    return index == 0 ? "emaVariances.bin" : "emaVariances" + (index + 1) + ".bin";
  }

  private static boolean hasVariances(AverageInfo average) {
    return average.coverage().log10Deviations().count() > 0;
  }

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
      averages.forEach(ema -> ModelEntries.requireSavable(network, ema));
      AtomicFile.write(file, this::writeTo);
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
      averages.forEach(ema -> ModelEntries.requireSavable(network, ema));
      try (MemoryWorkspace ignored = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
        Moment moment = averages.get(0).moment();
        List<AverageState> states =
            averages.stream().map(ema -> AverageState.of(ema.average())).toList();
        INDArray params = ModelEntries.paramsAfter(network, moment);
        Optional<INDArray> updaterState = ModelEntries.updaterState(network);
        ModelEntries.requireRestorable("The parameters", params.length(), params.dataType());
        updaterState.ifPresent(
            state ->
                ModelEntries.requireRestorable(
                    "The updater's state", state.length(), state.dataType()));
        for (AverageState state : states) {
          ModelEntries.requireRestorable(
              "The average", state.info().length(), state.info().shadowType());
        }
        try (ZipWriter zip = new ZipWriter(out)) {
          write(zip, moment, states, params, updaterState);
        }
      }
    }

    private void write(
        ZipWriter zip,
        Moment moment,
        List<AverageState> averages,
        INDArray params,
        Optional<INDArray> updaterState)
        throws IOException {
      int iteration = Networks.iterationCount(network) + moment.uncountedIterations();
      int epoch = Networks.epochCount(network) + moment.uncountedEpochs();
      ModelEntries.writeArrays(zip, params, updaterState);
      for (int i = 0; i < averages.size(); i++) {
        AverageState average = averages.get(i);
        zip.array(shadowBin(i), average.shadow());
        if (hasVariances(average.info())) {
          zip.array(variancesBin(i), Nd4j.createFromArray(average.variances()));
        }
      }
      // What is written up to here belongs together; the rest may be edited.
      Map<String, Long> checksums = Map.copyOf(zip.checksums());
      ModelEntries.writeConfiguration(zip, network, iteration, epoch);
      if (normalizer.isPresent()) {
        ModelEntries.writeNormalizer(zip, normalizer.get());
      }
      CheckpointInfo info =
          new CheckpointInfo(
              CheckpointInfo.format(averages.stream().map(AverageState::info).toList()),
              writer(),
              Networks.type(network).getSimpleName(),
              iteration,
              epoch,
              moment,
              averages.get(0).info(),
              averages.stream().skip(1).map(AverageState::info).toList(),
              RandomState.current(),
              bestScore,
              metadata,
              checksums);
      zip.text(STATE_JSON, CheckpointJson.write(info));
    }
  }

  private static String writer() {
    String version = EmaCheckpoint.class.getPackage().getImplementationVersion();
    return version == null ? "EMA4J" : "EMA4J " + version;
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
    try (ZipReader zip = new ZipReader(file)) {
      return info(zip, file);
    }
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
    try (ZipReader zip = new ZipReader(file)) {
      CheckpointInfo info = info(zip, file);
      requireTogether(zip, info, file);
      return info;
    }
  }

  private static <N extends Model> RestoredCheckpoint<N> restore(
      Path file, Class<N> type, Optional<List<AveragingConfig>> expected) throws IOException {
    try (ZipReader zip = new ZipReader(file)) {
      CheckpointInfo info = info(zip, file);
      requireTogether(zip, info, file);
      if (type != Model.class && !info.networkClass().equals(type.getSimpleName())) {
        throw new EmaCheckpointException(
            file, "holds a %s, not a %s".formatted(info.networkClass(), type.getSimpleName()));
      }
      Model network =
          info.networkClass().equals(MultiLayerNetwork.class.getSimpleName())
              ? ModelEntries.readMultiLayerNetwork(zip)
              : ModelEntries.readComputationGraph(zip);
      requireCounts(file, info, network);
      RestoredCheckpoint<N> restored =
          new RestoredCheckpoint<>(
              type.cast(network),
              averages(zip, info, network, expected, file),
              ModelEntries.readNormalizer(zip),
              info);
      // Last, as nothing may draw from it before training goes on.
      restored.applyRandomState();
      return restored;
    } catch (RuntimeException e) {
      throw new EmaCheckpointException(file, "cannot be restored: " + e.getMessage(), e);
    }
  }

  private static List<ModelEmaListener> averages(
      ZipReader zip,
      CheckpointInfo info,
      Model network,
      Optional<List<AveragingConfig>> expected,
      Path file)
      throws IOException {
    List<AverageInfo> saved = info.averages();
    if (expected.isPresent() && expected.get().size() != saved.size()) {
      throw new IllegalArgumentException(
          "it holds %d averages, expected %d".formatted(saved.size(), expected.get().size()));
    }
    INDArray params = Networks.params(network);
    List<ModelEmaListener> averages = new ArrayList<>();
    for (int i = 0; i < saved.size(); i++) {
      double[] variances =
          hasVariances(saved.get(i)) ? zip.array(variancesBin(i)).toDoubleVector() : new double[0];
      AverageState state = new AverageState(saved.get(i), zip.array(shadowBin(i)), variances);
      ParameterAverage average =
          expected.isPresent() ? state.resume(params, expected.get().get(i)) : state.resume(params);
      averages.add(ModelEmaListener.resume(network, average));
      if (averagesLogarithms(network, saved.get(i).coverage())) {
        log.info(
            "The average in {} is of the logarithms of batch-norm deviations, and goes on so. For"
                + " one of the variances, start a new average at the network's weights",
            file);
      }
    }
    return averages;
  }

  /** Whether batch-norm deviations are averaged as other parameters are, as once all were. */
  private static boolean averagesLogarithms(Model network, Coverage coverage) {
    return coverage.log10Deviations().count() == 0
        && ParameterSelection.averageAll()
                .coverageOf(network)
                .log10Deviations()
                .minus(coverage.averaged().complement())
                .count()
            > 0;
  }

  private static CheckpointInfo info(ZipReader zip, Path file) throws IOException {
    if (!zip.contains(STATE_JSON)) {
      throw new EmaCheckpointException(
          file,
          zip.contains(CONFIGURATION_JSON)
              ? "is a network without an average. To start a new average at its weights, load it"
                  + " with Deeplearning4j and call new ModelEmaListener(decay).start(network)"
              : "is not a model file");
    }
    try {
      return CheckpointJson.read(zip.bytes(STATE_JSON));
    } catch (JsonProcessingException | IllegalArgumentException | ArithmeticException e) {
      throw new EmaCheckpointException(
          file, "'" + STATE_JSON + "' cannot be understood: " + e.getMessage(), e);
    }
  }

  /** All entries are undamaged, and those that belong together are those that were saved so. */
  private static void requireTogether(ZipReader zip, CheckpointInfo info, Path file)
      throws IOException {
    zip.checksum(CONFIGURATION_JSON);
    List<String> all = new ArrayList<>(List.of(COEFFICIENTS_BIN));
    for (int i = 0; i < info.averages().size(); i++) {
      all.add(shadowBin(i));
      if (hasVariances(info.averages().get(i))) {
        all.add(variancesBin(i));
      } else if (info.checksums().containsKey(variancesBin(i))) {
        throw new EmaCheckpointException(
            file, "holds variances that the state of its average does not name");
      }
    }
    for (String required : all) {
      if (!info.checksums().containsKey(required)) {
        throw new EmaCheckpointException(file, "does not vouch for its entry '" + required + "'");
      }
    }
    for (Map.Entry<String, Long> entry : info.checksums().entrySet()) {
      if (zip.checksum(entry.getKey()) != entry.getValue()) {
        throw new EmaCheckpointException(
            file,
            "its entry '%s' is not the one that was saved with the average"
                .formatted(entry.getKey()));
      }
    }
  }

  private static void requireCounts(Path file, CheckpointInfo info, Model network)
      throws IOException {
    int iteration = Networks.iterationCount(network);
    int epoch = Networks.epochCount(network);
    if (iteration != info.iteration() || epoch != info.epoch()) {
      throw new EmaCheckpointException(
          file,
          "the network is at iteration %d of epoch %d, but the average was saved at iteration %d of epoch %d"
              .formatted(iteration, epoch, info.iteration(), info.epoch()));
    }
  }
}
