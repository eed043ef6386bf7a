// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.internal.file;

import static org.deeplearning4j.util.ModelSerializer.COEFFICIENTS_BIN;
import static org.deeplearning4j.util.ModelSerializer.CONFIGURATION_JSON;
import static org.deeplearning4j.util.ModelSerializer.NORMALIZER_BIN;
import static org.deeplearning4j.util.ModelSerializer.UPDATER_BIN;

import io.github.ema4j.core.internal.file.ZipReader;
import io.github.ema4j.core.internal.file.ZipWriter;
import io.github.ema4j.core.internal.text.PlainJson;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.Moment;
import io.github.ema4j.dl4j.internal.ConstrainedParameters;
import io.github.ema4j.dl4j.internal.Networks;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.api.OptimizationAlgorithm;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.preprocessor.Normalizer;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.shade.jackson.core.JsonProcessingException;
import org.nd4j.shade.jackson.databind.ObjectMapper;

/**
 * Deeplearning4j's own entries of a model file, as {@code ModelSerializer} writes them, but with
 * the counters and parameters that the network will have once the update under way is complete.
 */
public final class ModelEntries {

  /** Room for what stands before the elements in {@link Nd4j#write}, generously. */
  private static final long HEADER_BYTES = 1024;

  /** Limits of a configuration, which may hold whole arrays, and of a normalizer. */
  private static final int MOST_TEXT = 1 << 28;

  private static final int MOST_DEPTH = 200;
  private static final int MOST_DIGITS = 1000;

  private ModelEntries() {}

  // ---------------------------------------------------------------- writing

  /**
   * Refuses a moment at which a network and its average cannot be saved.
   *
   * @param network the network
   * @param ema its average
   * @throws IllegalStateException if there is no average of this network, or one that is not up to
   *     date; while averaged weights are swapped in, an update is under way, or another thread
   *     trains
   */
  public static void requireSavable(Model network, ModelEmaListener ema) {
    ema.requireAverageOf(network);
    if (ema.isSwapped()) {
      throw new IllegalStateException(
          "The averaged weights are swapped into the network, which cannot be saved as the raw one:"
              + " close the Swap first");
    }
    if (ema.moment() == Moment.UPDATING) {
      throw new IllegalStateException(
          "An update is under way, and the average has not seen it yet: register the listener that"
              + " saves after the ModelEmaListener");
    }
    ema.average(); // refuses one that is not up to date
  }

  /** The parameters that the network will have after this moment. */
  public static INDArray paramsAfter(Model network, Moment moment) {
    INDArray params = Networks.params(network);
    if (moment != Moment.ITERATION_DONE) {
      return params;
    }
    return ConstrainedParameters.of(network)
        .map(
            constrained ->
                constrained.after(
                    params, Networks.iterationCount(network) + 1, Networks.epochCount(network)))
        .orElse(params);
  }

  /** The updater's state; empty if it has none, or has not been made yet. */
  public static Optional<INDArray> updaterState(Model network) {
    INDArray state = null;
    if (network instanceof MultiLayerNetwork mln) {
      state = mln.getUpdater(false) == null ? null : mln.getUpdater(false).getStateViewArray();
    } else if (network instanceof ComputationGraph graph) {
      state = graph.getUpdater(false) == null ? null : graph.getUpdater(false).getStateViewArray();
    }
    return Optional.ofNullable(state).filter(array -> array.length() > 0);
  }

  /**
   * Refuses arrays that Deeplearning4j could not restore, as it reads every entry into one byte
   * array.
   */
  public static void requireRestorable(String what, long length, DataType type) {
    long most = (Integer.MAX_VALUE - HEADER_BYTES) / type.width();
    if (length > most) {
      throw new IllegalArgumentException(
          "%s of %d %s elements would be more than 2^31 bytes in the file, which Deeplearning4j cannot restore; the most is %d. Nothing was written"
              .formatted(what, length, type, most));
    }
  }

  /**
   * Writes the configuration with these counts.
   *
   * @throws IllegalArgumentException if another configuration would be read from it
   */
  public static void writeConfiguration(ZipWriter zip, Model network, int iteration, int epoch)
      throws IOException {
    zip.text(CONFIGURATION_JSON, ConfigurationText.of(network, iteration, epoch));
  }

  /**
   * Refuses a network that another one would be built from a file of.
   *
   * @throws IllegalArgumentException naming what is lost
   */
  public static void requireReadable(Model network) {
    ConfigurationText.requireReadable(network);
  }

  /**
   * Refuses a network that would train on otherwise than it would have, with the same weights.
   *
   * @throws IllegalArgumentException if it is trained by LBFGS
   */
  public static void requireResumable(Model network) {
    if (Networks.optimizationAlgorithm(network) == OptimizationAlgorithm.LBFGS) {
      throw new IllegalArgumentException(
          "This network cannot be saved for its training to go on: LBFGS goes by the gradients of earlier steps, which Deeplearning4j does not hand out. Save it for use with EmaExport, or train it by STOCHASTIC_GRADIENT_DESCENT");
    }
  }

  /** Writes the parameters, and the state of the updater if there is one. */
  public static void writeArrays(ZipWriter zip, INDArray params, Optional<INDArray> updaterState)
      throws IOException {
    zip.array(COEFFICIENTS_BIN, params);
    if (updaterState.isPresent()) {
      zip.array(UPDATER_BIN, updaterState.get());
    }
  }

  /** Writes the normalizer of the data. */
  public static void writeNormalizer(ZipWriter zip, Normalizer<?> normalizer) throws IOException {
    zip.text(NORMALIZER_BIN, NormalizerBytes.of(normalizer));
  }

  // ---------------------------------------------------------------- reading

  /**
   * The network of a model file. Entries in Java serialization, which older versions of
   * Deeplearning4j wrote, are not read.
   *
   * @param updater whether to read the state of the updater, too
   */
  public static Model readNetwork(ZipReader zip, boolean updater) throws IOException {
    INDArray params = zip.array(COEFFICIENTS_BIN);
    String json = configuration(zip);
    Optional<INDArray> state = updater ? zip.optionalArray(UPDATER_BIN) : Optional.empty();
    try (MemoryWorkspace ignored = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
      return isGraph(json) ? graph(json, params, state) : layers(json, params, state);
    }
  }

  private static boolean isGraph(String json) throws IOException {
    return new ObjectMapper().readTree(json).has("networkInputs");
  }

  private static MultiLayerNetwork layers(
      String json, INDArray params, Optional<INDArray> updaterState) {
    MultiLayerConfiguration configuration = MultiLayerConfiguration.fromJson(json);
    configuration.setDataType(params.dataType());
    MultiLayerNetwork network = new MultiLayerNetwork(configuration);
    Networks.initialise(network, params);
    updaterState.ifPresent(state -> network.getUpdater().setStateViewArray(network, state, false));
    return network;
  }

  private static ComputationGraph graph(
      String json, INDArray params, Optional<INDArray> updaterState) {
    ComputationGraphConfiguration configuration = ComputationGraphConfiguration.fromJson(json);
    configuration.setDataType(params.dataType());
    ComputationGraph graph = new ComputationGraph(configuration);
    Networks.initialise(graph, params);
    updaterState.ifPresent(state -> graph.getUpdater().setStateViewArray(state));
    return graph;
  }

  private static String configuration(ZipReader zip) throws IOException {
    byte[] text = zip.bytes(CONFIGURATION_JSON, MOST_TEXT);
    try {
      PlainJson.requireModest(text, MOST_DEPTH, MOST_DIGITS);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          "'" + CONFIGURATION_JSON + "' is not JSON: " + e.getOriginalMessage(), e);
    }
    return new String(text, StandardCharsets.UTF_8);
  }

  /** The normalizer of the data; empty if none was saved. */
  public static Optional<Normalizer<?>> readNormalizer(ZipReader zip) throws IOException {
    if (!zip.contains(NORMALIZER_BIN)) {
      return Optional.empty();
    }
    return Optional.of(NormalizerBytes.read(zip.bytes(NORMALIZER_BIN, MOST_TEXT)));
  }
}
