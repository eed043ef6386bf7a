// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.internal.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Text that anybody may have written, or damaged. */
class PlainJsonTest {

  private static PlainValues read(String text) {
    return PlainJson.read(text.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void valuesAreReadAsTheyWereWrittenAndInTheirOrder() throws IOException {
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("whole", Long.MIN_VALUE);
    values.put("number", 0.1 + 0.2);
    values.put("text", "\u00e4 \"quoted\"\n");
    values.put("another", Map.of("truth", true));
    values.put("list", List.of(Map.of("a", 1), Map.of("b", 2)));
    byte[] text = PlainJson.write(values);
    PlainValues read = PlainJson.read(text);
    assertEquals(Long.MIN_VALUE, read.whole("whole"));
    assertEquals(0.1 + 0.2, read.number("number"));
    assertEquals("\u00e4 \"quoted\"\n", read.text("text"));
    assertEquals(Map.of("truth", true), read.map("another"));
    assertEquals(List.of(Map.of("a", 1), Map.of("b", 2)), read.maps("list"));
    read.requireNoOthers();
    assertEquals(
        "[whole, number, text, another, list]", read.all(name -> name).keySet().toString());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "{\"a\": 1; it is not JSON",
        "; it is not JSON",
        "null; it is null, not an object",
        "[1]; it is not JSON",
        "{\"a\": 1} {\"b\": 2}; it is not JSON",
        "{\"a\": 1, \"a\": 2}; Duplicate field 'a'",
        "{\"a\": NaN}; it is not JSON"
      })
  void whatIsNotOneObjectIsRefused(String text, String said) {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> read(text == null ? "" : text));
    assertTrue(e.getMessage().contains(said), e.getMessage());
  }

  @Test
  void textThatIsNotInUtf8IsRefused() {
    byte[] text = {'{', '"', (byte) 0xff, (byte) 0xfe, '"', ':', '1', '}'};
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> PlainJson.read(text));
    assertTrue(e.getMessage().startsWith("it is not JSON"), e.getMessage());
  }

  /** A parser would go down a level of its stack for each. */
  @Test
  void sixteenLevelsAreReadAndNoMore() {
    read("{\"a\":".repeat(15) + "{}" + "}".repeat(15));
    String deep = "{\"a\":".repeat(16) + "{}" + "}".repeat(16);
    IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> read(deep));
    assertTrue(e.getMessage().contains("deeper than 16 levels"), e.getMessage());
    read("{\"a\":[" + "{},".repeat(20) + "{}]}"); // side by side is not deep
  }

  /** The time to convert a number grows with the square of its digits. */
  @Test
  void numbersOfSixtyFourDigitsAreReadAndNoLongerOnes() {
    read("{\"a\":" + "1".repeat(64) + "}");
    String digits = "{\"a\":" + "1".repeat(65) + "}";
    IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> read(digits));
    assertTrue(e.getMessage().contains("a number of 65 digits"), e.getMessage());
    read("{\"a\":\"" + "1".repeat(65) + "\"}"); // a text
  }

  @Test
  void whatCouldNotBeReadAgainIsNotWritten() throws IOException {
    int frame = PlainJson.write(Map.of("a", "")).length;
    String most = "x".repeat(PlainJson.MOST_BYTES - frame);
    assertEquals(PlainJson.MOST_BYTES, PlainJson.write(Map.of("a", most)).length);
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class, () -> PlainJson.write(Map.of("a", most + "x")));
    assertTrue(e.getMessage().contains("16,777,217 bytes"), e.getMessage());
  }
}
