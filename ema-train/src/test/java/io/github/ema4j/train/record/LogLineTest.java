// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.record;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.ema4j.dl4j.evaluation.Gain;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One line of the log, as text and back. */
class LogLineTest {

  private static final Instant TIME = Instant.parse("2024-05-06T07:08:09.123456Z");

  @Test
  void aRunIsReadAsItWasWritten() {
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put("z", "last \"letter\"");
    settings.put("a", "");
    RunDescription run =
        new RunDescription("./train a", settings, Map.of(), "mlp", 1L << 40, "data", TIME);
    ObjectNode line = LogLine.of(LogLine.START, TIME);
    LogLine.put(line, run);
    RunDescription read = LogLine.run(LogLine.parse(LogLine.text(line)));
    assertEquals(run, read);
    assertEquals(List.of("z", "a"), List.copyOf(read.settings().keySet()));
  }

  /** Numbers that JSON has no name for among them. */
  @Test
  void anEpochIsReadBitForBitWithAllThatItMayHaveAndWithTheLeast() {
    AveragedResult most =
        new AveragedResult(
            "a",
            "uniform()",
            0.1 + 0.2,
            Double.MIN_VALUE,
            OptionalDouble.of(Double.POSITIVE_INFINITY),
            3,
            Optional.of(new Score(0.5, Double.NaN)),
            Optional.of(new Gain(10, 1, 2, 4, 0.25, 0.125)));
    AveragedResult least =
        new AveragedResult(
            "b",
            "constant(decay=0.9)",
            0.9,
            1,
            OptionalDouble.empty(),
            0,
            Optional.empty(),
            Optional.empty());
    for (List<AveragedResult> averages : List.of(List.of(most, least), List.<AveragedResult>of())) {
      EpochResult epoch =
          new EpochResult(
              7, 1L << 40, 0.001, Double.NEGATIVE_INFINITY, new Score(1, 0.3), averages, 1.5, 99);
      ObjectNode line = LogLine.of(LogLine.EPOCH, TIME);
      LogLine.put(line, epoch);
      assertEquals(epoch, LogLine.epoch(LogLine.parse(LogLine.text(line))));
      assertEquals(7, LogLine.epochNumber(line));
      assertEquals(LogLine.EPOCH, LogLine.type(line));
    }
  }

  @Test
  void theTextIsOneLine() {
    ObjectNode line = LogLine.of(LogLine.RESUME, TIME).put("text", "a\nb\r\u0085\u2028");
    assertEquals(1, LogLine.text(line).split("[\n\r]").length);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{", "[]", "{}", "{\"typ\": \"epoch\"}", "{\"type\": \"end\"} {}"})
  void whatIsNoLineIsRefused(String text) {
    assertThrows(IllegalArgumentException.class, () -> LogLine.parse(text));
  }
}
