// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.checkpoint;

import static org.deeplearning4j.util.ModelSerializer.CONFIGURATION_JSON;
import static org.deeplearning4j.util.ModelSerializer.NORMALIZER_BIN;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.Coverage;
import io.github.ema4j.core.ParameterAverage;
import io.github.ema4j.core.internal.file.ZipReader;
import io.github.ema4j.core.internal.text.PlainJson;
import io.github.ema4j.core.state.AverageInfo;
import io.github.ema4j.core.state.AverageState;
import io.github.ema4j.dl4j.EmaCheckpointException;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.ParameterSelection;
import io.github.ema4j.dl4j.internal.Networks;
import io.github.ema4j.dl4j.internal.file.ModelEntries;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.zip.ZipException;
import org.deeplearning4j.nn.api.Model;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads a checkpoint: its state first, and then the entries that the state vouches for, each of
 * them once and compared with what the state says.
 */
final class CheckpointReader {

  private static final Logger log = LoggerFactory.getLogger(CheckpointReader.class);

  private final Path file;
  private final ZipReader zip;
  private final CheckpointInfo info;

  private CheckpointReader(Path file, ZipReader zip) throws IOException {
    this.file = file;
    this.zip = zip;
    info = readState();
  }

  /** What to do with an open checkpoint. */
  @FunctionalInterface
  interface Reading<T> {
    /** Reads. */
    T from(CheckpointReader checkpoint) throws IOException;
  }

  /**
   * Opens a checkpoint, and reads from it.
   *
   * @throws EmaCheckpointException if it is damaged, or not what the reading wants
   * @throws IOException if it cannot be read
   */
  static <T> T read(Path file, Reading<T> reading) throws IOException {
    try (ZipReader zip = new ZipReader(file)) {
      return reading.from(new CheckpointReader(file, zip));
    } catch (ZipException e) {
      throw new EmaCheckpointException(file, e.getMessage(), e);
    }
  }

  private CheckpointInfo readState() throws IOException {
    if (!zip.contains(CheckpointEntries.STATE)) {
      throw new EmaCheckpointException(
          file,
          zip.contains(CONFIGURATION_JSON)
              ? "is a network without an average. To start a new average at its weights, load it"
                  + " with Deeplearning4j and call new ModelEmaListener(decay).start(network)"
              : "is not a model file");
    }
    byte[] text = zip.bytes(CheckpointEntries.STATE, PlainJson.MOST_BYTES);
    try {
      return CheckpointJson.read(text);
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new EmaCheckpointException(
          file, "'" + CheckpointEntries.STATE + "' cannot be understood: " + e.getMessage(), e);
    }
  }

  CheckpointInfo info() {
    return info;
  }

  /** Reads everything, without building a network. */
  CheckpointInfo verify() throws IOException {
    expectEntries();
    Set<String> names = new TreeSet<>(zip.names());
    names.removeIf(name -> !CheckpointEntries.isOwn(name));
    names.addAll(info.entries().keySet());
    names.addAll(CheckpointEntries.required(info.averages()));
    for (String name : names) {
      zip.verify(name);
    }
    return info;
  }

  /** The entries that are there are those that the state names. */
  private void expectEntries() throws IOException {
    Set<String> required = CheckpointEntries.required(info.averages());
    for (String name : required) {
      if (!info.entries().containsKey(name) && !mayBeUnnamed(name)) {
        throw new EmaCheckpointException(file, "does not vouch for its entry '" + name + "'");
      }
    }
    for (String name : info.entries().keySet()) {
      if (!zip.contains(name)) {
        throw new EmaCheckpointException(file, "lacks the entry '" + name + "'");
      }
      if (!required.contains(name) && !CheckpointEntries.OPTIONAL.contains(name)) {
        throw new EmaCheckpointException(
            file, "has the entry '%s', which its averages do not need".formatted(name));
      }
    }
    for (String name : zip.names()) {
      if (CheckpointEntries.isOwn(name)
          && !info.entries().containsKey(name)
          && !mayBeUnnamed(name)) {
        throw new EmaCheckpointException(
            file, "has an entry '%s' that was not saved with the average".formatted(name));
      }
    }
    info.entries().forEach((name, entry) -> zip.expect(name, entry.bytes(), entry.crc32()));
  }

  /** What the first formats did not name in their state. */
  private boolean mayBeUnnamed(String name) {
    return info.format() < CheckpointInfo.NAMES_ALL
        && (name.equals(CONFIGURATION_JSON) || name.equals(NORMALIZER_BIN));
  }

  /** Builds network and averages, and puts the random generator into the saved state. */
  <N extends Model> RestoredCheckpoint<N> restore(
      Class<N> type, Optional<List<AveragingConfig>> expected) throws IOException {
    try {
      expectEntries();
      if (type != Model.class && !info.networkClass().equals(type.getSimpleName())) {
        throw new EmaCheckpointException(
            file,
            "holds a %s, not a %s: call restore%s"
                .formatted(info.networkClass(), type.getSimpleName(), info.networkClass()));
      }
      Model network = ModelEntries.readNetwork(zip, true);
      requireNetwork(network);
      RestoredCheckpoint<N> restored =
          new RestoredCheckpoint<>(
              type.cast(network),
              averages(network, expected),
              ModelEntries.readNormalizer(zip),
              info);
      // Last, as nothing may draw from it before training goes on.
      restored.applyRandomState();
      return restored;
    } catch (RuntimeException e) {
      throw new EmaCheckpointException(file, "cannot be restored: " + e.getMessage(), e);
    }
  }

  private void requireNetwork(Model network) throws IOException {
    String type = Networks.type(network).getSimpleName();
    if (!info.networkClass().equals(type)) {
      throw new EmaCheckpointException(
          file, "holds a %s, but says that it is a %s".formatted(type, info.networkClass()));
    }
    int iteration = Networks.iterationCount(network);
    int epoch = Networks.epochCount(network);
    if (iteration != info.iteration() || epoch != info.epoch()) {
      throw new EmaCheckpointException(
          file,
          "the network is at iteration %d of epoch %d, but the average was saved at iteration %d of epoch %d"
              .formatted(iteration, epoch, info.iteration(), info.epoch()));
    }
  }

  private List<ModelEmaListener> averages(Model network, Optional<List<AveragingConfig>> expected)
      throws IOException {
    List<AverageInfo> saved = info.averages();
    if (expected.isPresent() && expected.get().size() != saved.size()) {
      throw new IllegalArgumentException(
          "it holds %d averages, expected %d".formatted(saved.size(), expected.get().size()));
    }
    INDArray params = Networks.params(network);
    List<ModelEmaListener> averages = new ArrayList<>();
    for (int i = 0; i < saved.size(); i++) {
      AverageState state = state(i);
      ParameterAverage average =
          expected.isPresent() ? state.resume(params, expected.get().get(i)) : state.resume(params);
      averages.add(ModelEmaListener.resume(network, average));
      if (averagesLogarithms(network, state.info().coverage())) {
        log.info(
            "The average in {} is of the logarithms of batch-norm deviations, and goes on so. For"
                + " one of the variances, start a new average at the network's weights",
            file);
      }
    }
    return averages;
  }

  private AverageState state(int index) throws IOException {
    AverageInfo average = info.averages().get(index);
    double[] variances =
        CheckpointEntries.hasVariances(average)
            ? zip.array(CheckpointEntries.variances(index)).toDoubleVector()
            : new double[0];
    return new AverageState(average, zip.array(CheckpointEntries.shadow(index)), variances);
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
}
