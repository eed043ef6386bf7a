// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.record;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TimesTest {

  @ParameterizedTest
  @CsvSource({
    "8.46, 8.5 s",
    "59.4, 59.4 s",
    "59.6, 1 min 00 s",
    "125, 2 min 05 s",
    "3599.7, 1 h 00 min",
    "11220, 3 h 07 min",
    "5400000, '1,500 h 00 min'",
  })
  void durationsAreInTheUnitsOfTheirSize(double seconds, String text) {
    assertEquals(text, Times.duration(seconds));
  }

  @Test
  void datesAreThoseOfTheReadersClock() {
    Instant time = Instant.parse("2025-03-01T11:59:30Z");
    assertEquals("1 March 2025, 11:59 Z", Times.date(time, ZoneOffset.UTC));
    assertEquals("1 March 2025, 11:59 UTC", Times.date(time, ZoneId.of("UTC")));
    assertEquals("1 March 2025, 12:59 CET", Times.date(time, ZoneId.of("Europe/Berlin")));
  }
}
