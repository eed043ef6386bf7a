// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.internal.file;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.shade.jackson.core.JsonProcessingException;
import org.nd4j.shade.jackson.databind.ObjectMapper;
import org.nd4j.shade.jackson.databind.node.ObjectNode;

/**
 * The configuration of a network as Deeplearning4j's JSON, of networks only for which that says all
 * there is: some settings it loses, and what is read back is another network without a word.
 */
final class ConfigurationText {

  private static final ObjectMapper JSON = new ObjectMapper();

  private ConfigurationText() {}

  /**
   * The text, with these counts.
   *
   * <p>The counts are put into the text rather than into a copy of the configuration, as {@code
   * clone()} loses more settings than the text does.
   *
   * @return in ASCII
   * @throws IllegalArgumentException if another configuration would be read from it
   */
  static byte[] of(Model network, int iteration, int epoch) {
    String text = requireReadable(network);
    try {
      ObjectNode root = (ObjectNode) JSON.readTree(text);
      root.put("iterationCount", iteration);
      root.put("epochCount", epoch);
      return ascii(JSON.writerWithDefaultPrettyPrinter().writeValueAsString(root));
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("Deeplearning4j's JSON is none: " + e.getMessage(), e);
    }
  }

  /**
   * Refuses a network whose configuration does not come back from its text.
   *
   * @return the text
   * @throws IllegalArgumentException naming what is lost
   */
  static String requireReadable(Model network) {
    String text;
    Object original;
    Object readBack;
    try {
      if (network instanceof MultiLayerNetwork layers) {
        MultiLayerConfiguration configuration = layers.getLayerWiseConfigurations();
        text = configuration.toJson();
        MultiLayerConfiguration read = MultiLayerConfiguration.fromJson(text);
        read.setIterationCount(configuration.getIterationCount());
        read.setEpochCount(configuration.getEpochCount());
        original = configuration;
        readBack = read;
      } else {
        ComputationGraphConfiguration configuration =
            ((ComputationGraph) network).getConfiguration();
        text = configuration.toJson();
        ComputationGraphConfiguration read = ComputationGraphConfiguration.fromJson(text);
        read.setIterationCount(configuration.getIterationCount());
        read.setEpochCount(configuration.getEpochCount());
        original = configuration;
        readBack = read;
      }
    } catch (RuntimeException e) {
      throw refused("cannot be read back (%s)".formatted(e.getMessage()), e);
    }
    // What has no equals() of its own is compared field by field.
    Optional<String> difference =
        original.equals(readBack) ? Optional.empty() : Difference.between(original, readBack);
    if (difference.isPresent()) {
      throw refused("comes back as another one: " + difference.get(), null);
    }
    return text;
  }

  private static IllegalArgumentException refused(String what, Throwable cause) {
    return new IllegalArgumentException(
        "This network cannot be saved: Deeplearning4j writes its configuration as JSON, and from that it %s. Use another setting there, or average without files"
            .formatted(what),
        cause);
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
}
