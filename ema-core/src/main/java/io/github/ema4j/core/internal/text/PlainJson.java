// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.internal.text;

import java.io.IOException;
import java.util.Map;
import org.nd4j.shade.jackson.core.JsonFactory;
import org.nd4j.shade.jackson.core.JsonParser;
import org.nd4j.shade.jackson.core.JsonProcessingException;
import org.nd4j.shade.jackson.core.JsonToken;
import org.nd4j.shade.jackson.core.type.TypeReference;
import org.nd4j.shade.jackson.databind.DeserializationFeature;
import org.nd4j.shade.jackson.databind.ObjectMapper;
import org.nd4j.shade.jackson.databind.SerializationFeature;

/**
 * Plain values as JSON. What is read may be anything, and is refused before it costs more than its
 * length: Jackson takes a stack frame for each level, and time that grows with the square of the
 * digits of a number.
 */
public final class PlainJson {

  /** Bytes of a text that is read whole: far more than any state has. */
  public static final int MOST_BYTES = 1 << 24;

  private static final int MOST_DEPTH = 16;
  private static final int MOST_DIGITS = 64;

  private static final ObjectMapper JSON =
      new ObjectMapper()
          .enable(SerializationFeature.INDENT_OUTPUT)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION);

  private PlainJson() {}

  /**
   * The text of some values.
   *
   * @param values strings, numbers, booleans, lists and maps by name
   * @return in UTF-8
   * @throws IllegalArgumentException if it is longer than what is read
   */
  public static byte[] write(Map<String, ?> values) throws IOException {
    byte[] text = JSON.writeValueAsBytes(values);
    if (text.length > MOST_BYTES) {
      throw new IllegalArgumentException(
          "The state would have %,d bytes as text, of which %,d can be read again: give it less metadata"
              .formatted(text.length, MOST_BYTES));
    }
    return text;
  }

  /**
   * Reads a text.
   *
   * @param text one object, in UTF-8
   * @return its values
   * @throws IllegalArgumentException if it is not JSON, not one object, names a value twice, or is
   *     nested deeper or has longer numbers than any state
   */
  public static PlainValues read(byte[] text) {
    try {
      requireModest(text, MOST_DEPTH, MOST_DIGITS);
      Map<String, Object> values =
          JSON.readValue(text, new TypeReference<Map<String, Object>>() {});
      if (values == null) {
        throw new IllegalArgumentException("it is null, not an object");
      }
      return new PlainValues(values);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("it is not JSON: " + e.getOriginalMessage(), e);
    } catch (IOException e) { // of text that is no UTF-8
      throw new IllegalArgumentException("it is not JSON: " + e.getMessage(), e);
    }
  }

  /**
   * Refuses a text that would take more than its length to read.
   *
   * @param text JSON in UTF-8
   * @param depth how deep objects and lists may be nested
   * @param digits how long a number may be
   * @throws IllegalArgumentException if it is nested deeper, or a number is longer
   * @throws IOException if it is not JSON
   */
  public static void requireModest(byte[] text, int depth, int digits) throws IOException {
    try (JsonParser parser = new JsonFactory().createParser(text)) {
      int level = 0;
      for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
        if (token.isStructStart()) {
          level++;
        } else if (token.isStructEnd()) {
          level--;
        }
        if (level > depth) {
          throw new IllegalArgumentException("it is nested deeper than %d levels".formatted(depth));
        }
        if (token.isNumeric() && parser.getTextLength() > digits) {
          throw new IllegalArgumentException(
              "it has a number of %d digits".formatted(parser.getTextLength()));
        }
      }
    }
  }
}
