// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.export;

import io.github.ema4j.core.internal.file.AtomicFile;
import io.github.ema4j.core.internal.file.ZipWriter;
import io.github.ema4j.dl4j.EmaListener;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.Moment;
import io.github.ema4j.dl4j.internal.Networks;
import io.github.ema4j.dl4j.internal.file.EntriesJson;
import io.github.ema4j.dl4j.internal.file.ModelEntries;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.deeplearning4j.nn.api.Model;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.preprocessor.Normalizer;

/**
 * Saves averaged networks for use: as ordinary model files of Deeplearning4j, which need no EMA4J
 * to be loaded, and hold no updater state and no trace of the average.
 *
 * <pre>{@code
 * EmaExport.save(Path.of("model.zip"), net, ema);
 *
 * MultiLayerNetwork averaged = MultiLayerNetwork.load(new File("model.zip"), false);
 * }</pre>
 *
 * <p>An average that reaches far back may need its batch-norm statistics fitted before:
 *
 * <pre>{@code
 * MultiLayerNetwork averaged = ema.averagedNetwork(net);
 * BatchNormStatistics.recalibrate(averaged, trainingData);
 * EmaExport.save(Path.of("model.zip"), averaged);
 * }</pre>
 *
 * <p>The file is written to a temporary file first, forced to disk and then renamed: a crash leaves
 * either the old file or the new one. Call it on the thread that trains, or while no training runs.
 */
public final class EmaExport {

  private EmaExport() {}

  /**
   * Saves the averaged network, in the data type of the network.
   *
   * @param file to be made or replaced, in an existing directory
   * @param network the network that {@code ema} averages
   * @param ema the average
   * @throws IOException if the file cannot be written; a file of that name is as it was then
   * @throws IllegalStateException if there is no average of this network, or several, while
   *     averaged weights are swapped in, or from a listener that runs before {@code ema}
   * @throws IllegalArgumentException if the network is too large for Deeplearning4j to restore
   */
  public static void save(Path file, Model network, EmaListener ema) throws IOException {
    save(file, network, ema, Optional.empty());
  }

  /**
   * Saves the averaged network and the normalizer of its data; see {@link #save(Path, Model,
   * EmaListener)}.
   *
   * @param file to be made or replaced, in an existing directory
   * @param network the network that {@code ema} averages
   * @param ema the average
   * @param normalizer for example a DataNormalization
   * @throws IOException if the file cannot be written; a file of that name is as it was then
   */
  public static void save(Path file, Model network, EmaListener ema, Normalizer<?> normalizer)
      throws IOException {
    save(file, network, ema, Optional.of(normalizer));
  }

  private static void save(
      Path file, Model network, EmaListener ema, Optional<Normalizer<?>> normalizer)
      throws IOException {
    ModelEmaListener only = ema.only();
    ModelEntries.requireSavable(network, only);
    write(file, network, only.averagedNetwork(network), only.moment(), normalizer);
  }

  /**
   * Saves a network that is ready as it is, such as {@link ModelEmaListener#averagedNetwork} after
   * its batch-norm statistics were recalibrated.
   *
   * @param file to be made or replaced, in an existing directory
   * @param averaged a network with averaged weights
   * @throws IOException if the file cannot be written; a file of that name is as it was then
   * @throws IllegalArgumentException if the network is too large for Deeplearning4j to restore
   */
  public static void save(Path file, Model averaged) throws IOException {
    write(file, averaged, averaged, Moment.BETWEEN_FITS, Optional.empty());
  }

  /**
   * Saves a network that is ready as it is, and says about it what whoever uses it has to know,
   * such as the size of the images that it was trained on; see {@link #save(Path, Model)}.
   *
   * @param file to be made or replaced, in an existing directory
   * @param averaged a network with averaged weights
   * @param metadata texts by name, for the entry {@code metadata.json}
   * @throws IOException if the file cannot be written; a file of that name is as it was then
   */
  public static void save(Path file, Model averaged, Map<String, String> metadata)
      throws IOException {
    write(
        file,
        averaged,
        Networks.params(averaged),
        Networks.iterationCount(averaged),
        Networks.epochCount(averaged),
        zip -> EntriesJson.write(zip, metadata));
  }

  /** The configuration is taken from the network that trains: its copy may have lost some of it. */
  private static void write(
      Path file, Model network, Model averaged, Moment moment, Optional<Normalizer<?>> normalizer)
      throws IOException {
    write(
        file,
        network,
        Networks.params(averaged),
        Networks.iterationCount(network) + moment.uncountedIterations(),
        Networks.epochCount(network) + moment.uncountedEpochs(),
        zip -> {
          if (normalizer.isPresent()) {
            ModelEntries.writeNormalizer(zip, normalizer.get());
          }
        });
  }

  /** Writes entries of a file after those of the network. */
  @FunctionalInterface
  interface MoreEntries {
    void writeTo(ZipWriter zip) throws IOException;
  }

  /** Saves these weights of a network for use, with these counts. */
  static void write(
      Path file, Model network, INDArray params, int iteration, int epoch, MoreEntries more)
      throws IOException {
    ModelEntries.requireRestorable("The parameters", params.length(), params.dataType());
    AtomicFile.write(
        file,
        out -> {
          try (ZipWriter zip = new ZipWriter(out)) {
            ModelEntries.writeConfiguration(zip, network, iteration, epoch);
            ModelEntries.writeArrays(zip, params, Optional.empty());
            more.writeTo(zip);
          }
        });
  }
}
