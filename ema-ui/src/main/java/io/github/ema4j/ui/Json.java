// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.ui;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.nd4j.shade.jackson.core.JsonProcessingException;
import org.nd4j.shade.jackson.databind.JsonNode;
import org.nd4j.shade.jackson.databind.ObjectMapper;

/** Records to JSON and back; the same in storages and to the browser. */
final class Json {

  private static final ObjectMapper MAPPER = new ObjectMapper();

  private Json() {}

  static byte[] bytes(Object value) {
    try {
      return MAPPER.writeValueAsBytes(value);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  static JsonNode tree(byte[] bytes) {
    try {
      return MAPPER.readTree(bytes);
    } catch (IOException e) {
      throw notARecord(e);
    }
  }

  static <T> T value(JsonNode tree, Class<T> type) {
    try {
      return MAPPER.treeToValue(tree, type);
    } catch (JsonProcessingException e) {
      throw notARecord(e);
    }
  }

  private static IllegalArgumentException notARecord(Exception cause) {
    return new IllegalArgumentException(
        "This is not a record of averaged weights: " + cause.getMessage(), cause);
  }
}
