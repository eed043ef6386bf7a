// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.export;

import io.github.ema4j.core.internal.file.AtomicFile;
import io.github.ema4j.core.internal.file.ZipWriter;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.Moment;
import io.github.ema4j.dl4j.internal.Networks;
import io.github.ema4j.dl4j.internal.file.ModelEntries;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
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
 * MultiLayerNetwork averaged = ema.network(net);
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
   * @throws IllegalStateException if there is no average of this network, while the averaged
   *     weights are swapped in, or from a listener that runs before {@code ema}
   * @throws IllegalArgumentException if the network is too large for Deeplearning4j to restore
   */
  public static void save(Path file, Model network, ModelEmaListener ema) throws IOException {
    ModelEntries.requireSavable(network, ema);
    write(file, network, averaged(network, ema), ema.moment(), Optional.empty());
  }

  /**
   * Saves the averaged network and the normalizer of its data; see {@link #save(Path, Model,
   * ModelEmaListener)}.
   *
   * @param file to be made or replaced, in an existing directory
   * @param network the network that {@code ema} averages
   * @param ema the average
   * @param normalizer for example a DataNormalization
   * @throws IOException if the file cannot be written; a file of that name is as it was then
   */
  public static void save(Path file, Model network, ModelEmaListener ema, Normalizer<?> normalizer)
      throws IOException {
    ModelEntries.requireSavable(network, ema);
    write(file, network, averaged(network, ema), ema.moment(), Optional.of(normalizer));
  }

  /**
   * Saves a network that is ready as it is, such as {@link ModelEmaListener#network} after its
   * batch-norm statistics were recalibrated.
   *
   * @param file to be made or replaced, in an existing directory
   * @param averaged a network with averaged weights
   * @throws IOException if the file cannot be written; a file of that name is as it was then
   * @throws IllegalArgumentException if the network is too large for Deeplearning4j to restore
   */
  public static void save(Path file, Model averaged) throws IOException {
    write(file, averaged, averaged, Moment.BETWEEN_FITS, Optional.empty());
  }

  private static Model averaged(Model network, ModelEmaListener ema) {
    return network instanceof MultiLayerNetwork mln
        ? ema.network(mln)
        : ema.network((ComputationGraph) network);
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
