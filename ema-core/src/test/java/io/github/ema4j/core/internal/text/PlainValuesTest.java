// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.internal.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Values are of the kind that is asked for, or are named with what they are. */
class PlainValuesTest {

  private static PlainValues value(Object value) {
    return new PlainValues(Map.of("it", value));
  }

  private static void refused(String said, Executable use) {
    IllegalArgumentException e = assertThrows(IllegalArgumentException.class, use);
    assertEquals(said, e.getMessage());
  }

  @Test
  void whatIsMissingIsNamed() {
    PlainValues empty = new PlainValues(Map.of());
    assertFalse(empty.has("it"));
    refused("'it' is missing", () -> empty.text("it"));
    refused("'it' is missing", () -> empty.number("it"));
    refused("'it' is missing", () -> empty.maps("it"));
  }

  @Test
  void anotherKindIsNamedWithTheValue() {
    refused("'it' must be a text, but was '3'", () -> value(3).text("it"));
    refused("'it' must be true or false, but was 'true'", () -> value("true").truth("it"));
    refused("'it' must be a number, but was '1'", () -> value("1").number("it"));
    refused("'it' must be an object, but was '[]'", () -> value(List.of()).map("it"));
    refused("'it' must be a list, but was '{}'", () -> value(Map.of()).maps("it"));
    refused(
        "'it' must be a list of values by name, but was '[1]'", () -> value(List.of(1)).maps("it"));
  }

  @Test
  void aWholeNumberIsNeitherAFractionNorTooLarge() {
    assertEquals(Long.MAX_VALUE, value(Long.MAX_VALUE).whole("it"));
    assertEquals(-7, value(-7).whole("it"));
    refused("'it' must be a whole number, but was '1.0'", () -> value(1.0).whole("it"));
    BigInteger large = BigInteger.TWO.pow(63);
    refused("'it' must be a whole number, but was '" + large + "'", () -> value(large).whole("it"));
  }

  @Test
  void aNumberIsFinite() {
    assertEquals(3.0, value(3).number("it"));
    refused("'it' must be a finite number, but was 'NaN'", () -> value(Double.NaN).number("it"));
    BigInteger large = BigInteger.TEN.pow(400);
    refused("'it' must be a finite number, but was 'Infinity'", () -> value(large).number("it"));
  }

  @Test
  void aConstantIsOneByItsExactName() {
    assertEquals(TimeUnit.DAYS, value("DAYS").constant("it", TimeUnit.class));
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class, () -> value("days").constant("it", TimeUnit.class));
    assertTrue(e.getMessage().matches("'it' must be one of \\[.*DAYS], but was 'days'"));
  }

  @Test
  void whatNobodyAskedForIsNamed() {
    PlainValues values = new PlainValues(Map.of("a", 1, "b", 2, "c", 3));
    assertTrue(values.has("c")); // to look is not to ask
    values.whole("b");
    refused("it has values that are not known here: [a, c]", values::requireNoOthers);
    values.all(values::whole);
    values.requireNoOthers();
  }

  @Test
  void aLongValueIsShortenedInAMessage() {
    refused(
        "'it' must be a number, but was '" + "x".repeat(200) + "...'",
        () -> value("x".repeat(201)).number("it"));
    refused(
        "'it' must be a number, but was '" + "x".repeat(200) + "'",
        () -> value("x".repeat(200)).number("it"));
  }
}
