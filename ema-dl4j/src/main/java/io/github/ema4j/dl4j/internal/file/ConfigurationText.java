// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.internal.file;

import io.github.ema4j.dl4j.internal.Networks;
import io.github.ema4j.dl4j.internal.Replica;
import io.github.ema4j.dl4j.internal.UncopyableNetworkException;
import java.nio.charset.StandardCharsets;
import org.deeplearning4j.nn.api.Model;
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
    try {
      Networks.requireNoSubclass(network);
      return Replica.text(network);
    } catch (UncopyableNetworkException e) {
      throw new IllegalArgumentException(
          "This network cannot be saved: Deeplearning4j writes its configuration as JSON, and from that another network would be restored: %s. Use another setting there, or average without files"
              .formatted(e.lost()),
          e);
    }
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
