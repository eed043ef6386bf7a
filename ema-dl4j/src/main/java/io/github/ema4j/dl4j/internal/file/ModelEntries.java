// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.internal.file;

import static org.deeplearning4j.util.ModelSerializer.COEFFICIENTS_BIN;
import static org.deeplearning4j.util.ModelSerializer.CONFIGURATION_JSON;
import static org.deeplearning4j.util.ModelSerializer.NORMALIZER_BIN;
import static org.deeplearning4j.util.ModelSerializer.UPDATER_BIN;

import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.Moment;
import io.github.ema4j.dl4j.internal.ConstrainedParameters;
import io.github.ema4j.dl4j.internal.Networks;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.preprocessor.Normalizer;
import org.nd4j.linalg.dataset.api.preprocessor.serializer.NormalizerSerializer;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Deeplearning4j's own entries of a model file, as {@code ModelSerializer} writes them, but with
 * the counters and parameters that the network will have once the update under way is complete.
 */
public final class ModelEntries {

  /** Room for what stands before the elements in {@link Nd4j#write}, generously. */
  private static final long HEADER_BYTES = 1024;

  private ModelEntries() {}

  // ---------------------------------------------------------------- writing

  /**
   * Refuses a moment at which a network and its average cannot be saved.
   *
   * @param network the network
   * @param ema its average
   * @throws IllegalStateException if there is no average of this network, while the averaged
   *     weights are swapped in, or while an update is under way
   */
  public static void requireSavable(Model network, ModelEmaListener ema) {
    if (!ema.isAverageOf(network)) {
      throw new IllegalStateException(
          "%s has no average of this network: register it and fit, or call start(network)"
              .formatted(ema));
    }
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

  /** Writes the configuration with these counts. */
  public static void writeConfiguration(ZipWriter zip, Model network, int iteration, int epoch)
      throws IOException {
    String json;
    if (network instanceof MultiLayerNetwork mln) {
      MultiLayerConfiguration configuration = mln.getLayerWiseConfigurations().clone();
      configuration.setIterationCount(iteration);
      configuration.setEpochCount(epoch);
      json = configuration.toJson();
    } else {
      ComputationGraphConfiguration configuration =
          Networks.configuration((ComputationGraph) network);
      configuration.setIterationCount(iteration);
      configuration.setEpochCount(epoch);
      json = configuration.toJson();
    }
    zip.text(CONFIGURATION_JSON, ascii(json));
  }

  /** Deeplearning4j reads the text in the platform's charset: all of them have ASCII. */
  private static byte[] ascii(String json) {
    StringBuilder text = new StringBuilder(json.length());
    for (int i = 0; i < json.length(); i++) {
      char c = json.charAt(i);
      text.append(c < 128 ? String.valueOf(c) : "\\u%04x".formatted((int) c));
    }
    return text.toString().getBytes(StandardCharsets.US_ASCII);
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
    // The serializer closes the stream that it is given.
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    NormalizerSerializer.getDefault().write(normalizer, bytes);
    zip.text(NORMALIZER_BIN, bytes.toByteArray());
  }

  // ---------------------------------------------------------------- reading

  /** Does not read entries in Java serialization, which older versions of Deeplearning4j wrote. */
  public static MultiLayerNetwork readMultiLayerNetwork(ZipReader zip) throws IOException {
    INDArray params = zip.array(COEFFICIENTS_BIN);
    MultiLayerConfiguration configuration = MultiLayerConfiguration.fromJson(configuration(zip));
    configuration.setDataType(params.dataType());
    MultiLayerNetwork network = new MultiLayerNetwork(configuration);
    try (MemoryWorkspace ignored = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
      network.init(params, false);
      Optional<INDArray> state = zip.optionalArray(UPDATER_BIN);
      if (state.isPresent()) {
        network.getUpdater().setStateViewArray(network, state.get(), false);
      }
    }
    return network;
  }

  /** Does not read entries in Java serialization, which older versions of Deeplearning4j wrote. */
  public static ComputationGraph readComputationGraph(ZipReader zip) throws IOException {
    INDArray params = zip.array(COEFFICIENTS_BIN);
    ComputationGraphConfiguration configuration =
        ComputationGraphConfiguration.fromJson(configuration(zip));
    configuration.setDataType(params.dataType());
    ComputationGraph graph = new ComputationGraph(configuration);
    try (MemoryWorkspace ignored = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
      graph.init(params, false);
      Optional<INDArray> state = zip.optionalArray(UPDATER_BIN);
      if (state.isPresent()) {
        graph.getUpdater().setStateViewArray(state.get());
      }
    }
    return graph;
  }

  private static String configuration(ZipReader zip) throws IOException {
    return new String(zip.bytes(CONFIGURATION_JSON), StandardCharsets.US_ASCII);
  }

  /** The normalizer of the data; empty if none was saved. */
  public static Optional<Normalizer<?>> readNormalizer(ZipReader zip) throws IOException {
    if (!zip.contains(NORMALIZER_BIN)) {
      return Optional.empty();
    }
    byte[] bytes = zip.bytes(NORMALIZER_BIN);
    try {
      Normalizer<?> normalizer =
          NormalizerSerializer.getDefault().restore(new ByteArrayInputStream(bytes));
      return Optional.of(normalizer);
    } catch (Exception e) {
      throw new IllegalArgumentException(
          "'" + NORMALIZER_BIN + "' is not a normalizer: " + e.getMessage(), e);
    }
  }
}
