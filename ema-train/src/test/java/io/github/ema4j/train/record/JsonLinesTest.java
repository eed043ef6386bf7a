// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.record;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.ema4j.dl4j.evaluation.Gain;
import io.github.ema4j.train.error.UserError;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.zip.CRC32;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JsonLinesTest {
  /** As strict as JSON is: no NaN. */
  private static final ObjectMapper JSON =
      new ObjectMapper().disable(JsonParser.Feature.ALLOW_NON_NUMERIC_NUMBERS);

  @TempDir Path dir;
  private Path file;

  @BeforeEach
  void name() {
    file = dir.resolve("log.jsonl");
  }

  private JsonLines start() {
    return JsonLines.start(file, Runs.description(), Runs.CLOCK);
  }

  private List<String> lines() throws IOException {
    String text = Files.readString(file);
    assertTrue(text.endsWith("\n"));
    return text.lines().toList();
  }

  private List<String> types() throws IOException {
    return lines().stream().map(line -> LogLine.type(LogLine.parse(line))).toList();
  }

  @Test
  void theLinesAre() throws IOException {
    try (JsonLines lines = start()) {
      lines.iteration(1, 5, 0.75, 0.1, 4000);
      lines.epoch(Runs.epoch(1, Runs.average("0.99", 0.82, 0.5)));
    }
    String time = ",\"time\":\"2025-03-01T12:00:00Z\"";
    assertEquals(
        List.of(
            "{\"type\":\"start\""
                + time
                + ",\"command\":\"train images --model lenet\",\"model\":\"lenet\""
                + ",\"parameters\":431080,\"data\":\"images\",\"started\":\"2025-03-01T11:59:00Z\""
                + ",\"settings\":{\"lr\":\"0.1\"},\"environment\":{\"java\":\"17\"}}",
            "{\"type\":\"iteration\""
                + time
                + ",\"epoch\":1,\"iteration\":5,\"loss\":0.75,\"learning_rate\":0.1"
                + ",\"images_per_second\":4000.0}",
            "{\"type\":\"epoch\""
                + time
                + ",\"epoch\":1,\"iteration\":10,\"learning_rate\":0.1,\"train_loss\":1.0"
                + ",\"raw\":{\"accuracy\":0.8,\"loss\":0.625},\"averages\":[{\"name\":\"0.99\""
                + ",\"schedule\":\"constant 0.99\",\"decay\":0.99,\"initial_share\":0.25"
                + ",\"distance\":0.125,\"score\":{\"accuracy\":0.82,\"loss\":0.5}}]"
                + ",\"seconds\":2.5,\"images_per_second\":4000.0}",
            "{\"type\":\"end\"" + time + "}"),
        lines().stream().map(LineChecksum::removedFrom).toList());
  }

  @Test
  void eachLineIsInTheFileWhenTheCallReturns() throws IOException {
    try (JsonLines lines = start()) {
      assertEquals(List.of("start"), types());
      lines.epoch(Runs.epoch(1));
      assertEquals(List.of("start", "epoch"), types());
    }
  }

  @Test
  void epochsComeBackAsTheyWere() {
    EpochResult odd =
        new EpochResult(
            1,
            10,
            1e-17,
            Double.NaN,
            new Score(Double.NaN, Double.POSITIVE_INFINITY),
            List.of(
                new AveragedResult("\"ü\"\n", "s", 0, 1, OptionalDouble.empty(), Optional.empty()),
                Runs.average("0.99", 1.0 / 3, Double.NEGATIVE_INFINITY),
                new AveragedResult(
                    "0.9",
                    "s",
                    0.9,
                    0,
                    OptionalDouble.empty(),
                    2,
                    Optional.of(new Score(0.5, 1)),
                    Optional.of(new Gain(9, 1, 2, 4, 1.0 / 3, Double.NaN)))),
            0.1 + 0.2,
            Double.NaN);
    try (JsonLines lines = start()) {
      lines.epoch(odd);
      lines.epoch(Runs.epoch(2));
    }
    EpochHistory history = EpochHistory.read(file);
    assertEquals(List.of(odd, Runs.epoch(2)), history.epochs());
    assertEquals(Runs.description(), history.run());
  }

  @Test
  void whatIsNotANumberIsStillJson() throws IOException {
    try (JsonLines lines = start()) {
      lines.iteration(1, 1, Double.NaN, 0.1, Double.POSITIVE_INFINITY);
    }
    JsonNode line = JSON.readTree(lines().get(1));
    assertEquals("NaN", line.get("loss").textValue());
    assertEquals("Infinity", line.get("images_per_second").textValue());
  }

  @Test
  void closingTwiceEndsOnce() throws IOException {
    JsonLines lines = start();
    lines.close();
    lines.close();
    assertEquals(List.of("start", "end"), types());
  }

  @Test
  void resumingDropsWhatCameAfterTheCheckpoint() throws IOException {
    try (JsonLines lines = start()) {
      for (int epoch = 1; epoch <= 3; epoch++) {
        lines.iteration(epoch, 10L * epoch - 5, 0.5, 0.1, 1);
        lines.epoch(Runs.epoch(epoch));
      }
      lines.iteration(4, 35, 0.5, 0.1, 1);
    }
    try (JsonLines lines = JsonLines.resume(file, Runs.description(), 2, Runs.CLOCK)) {
      lines.epoch(Runs.epoch(3, Runs.average("0.9", 0.5, 1)));
    }
    assertEquals(
        List.of(
            "start", "iteration", "epoch", "iteration", "epoch", "end", "resume", "epoch", "end"),
        types());
    assertEquals(2, LogLine.parse(lines().get(6)).get("after_epoch").asInt());
    assertEquals(
        List.of(Runs.epoch(1), Runs.epoch(2), Runs.epoch(3, Runs.average("0.9", 0.5, 1))),
        EpochHistory.read(file).epochs());
  }

  @Test
  void aTornLastLineIsPassedOverAndCutOffOnResume() throws IOException {
    try (JsonLines lines = start()) {
      lines.epoch(Runs.epoch(1));
    }
    String whole = Files.readString(file);
    String line = whole.lines().toList().get(1);
    for (int length = 1; length <= line.length(); length++) {
      Files.writeString(file, whole + line.substring(0, length));
      assertEquals(List.of(Runs.epoch(1)), EpochHistory.read(file).epochs());
    }
    JsonLines.resume(file, Runs.description(), 1, Runs.CLOCK).close();
    assertEquals(List.of("start", "epoch", "end", "resume", "end"), types());
  }

  @Test
  void aLineThatIsNoEpochIsNamed() throws IOException {
    try (JsonLines lines = start()) {
      lines.epoch(Runs.epoch(1));
    }
    String end = lines().get(2);
    long before = Long.parseLong(end.replaceAll(".*\"crc32\":(\\d+)}", "$1"));
    String bad = "{\"type\":\"epoch\",\"epoch\":2}";
    Files.writeString(
        file, new LineChecksum(before).after(bad).in(bad) + "\n", StandardOpenOption.APPEND);
    UserError error = assertThrows(UserError.class, () -> EpochHistory.read(file));
    assertTrue(error.getMessage().startsWith(file + ", line 4, "), error.getMessage());
    assertTrue(error.getMessage().contains("'iteration'"), error.getMessage());
  }

  /** CRC-32 of a line after the checksum before it, so that other programs can check it. */
  @Test
  void theChecksumIsThatOfTheLinesSoFar() throws IOException {
    start().close();
    long before = 0;
    for (String line : lines()) {
      int end = line.indexOf(",\"crc32\":");
      CRC32 crc = new CRC32();
      crc.update((before + line.substring(0, end) + "}").getBytes(StandardCharsets.UTF_8));
      assertEquals(",\"crc32\":" + crc.getValue() + "}", line.substring(end));
      before = crc.getValue();
    }
  }

  private void assertLineRefused(int number, List<String> lines) throws IOException {
    Files.writeString(file, String.join("\n", lines) + "\n");
    UserError error = assertThrows(UserError.class, () -> EpochHistory.read(file));
    assertTrue(error.getMessage().startsWith(file + ", line " + number + ", "), error.getMessage());
    assertTrue(error.getMessage().contains("crc32"), error.getMessage());
  }

  @Test
  void aLineThatIsAlteredLostDoubledOrPutInIsNoticed() throws IOException {
    try (JsonLines lines = start()) {
      for (int epoch = 1; epoch <= 3; epoch++) {
        lines.iteration(epoch, 10L * epoch - 5, 0.5, 0.1, 1);
        lines.epoch(Runs.epoch(epoch));
      }
    }
    List<String> whole = lines();
    for (int i = 0; i < whole.size() - 1; i++) {
      List<String> altered = new ArrayList<>(whole);
      altered.set(i, whole.get(i).replaceFirst("(\\d)", "9"));
      altered.set(i, altered.get(i).equals(whole.get(i)) ? whole.get(i) + " " : altered.get(i));
      assertLineRefused(i + 1, altered);
      List<String> lost = new ArrayList<>(whole);
      lost.remove(i);
      assertLineRefused(i + 1, lost);
      List<String> doubled = new ArrayList<>(whole);
      doubled.add(i, whole.get(i));
      assertLineRefused(i + 2, doubled);
      List<String> unsigned = new ArrayList<>(whole);
      unsigned.set(i, LineChecksum.removedFrom(whole.get(i)));
      assertLineRefused(i + 1, unsigned);
    }
  }

  @Test
  void aResumedRecordIsWholeAgain() throws IOException {
    try (JsonLines lines = start()) {
      lines.epoch(Runs.epoch(1));
      lines.epoch(Runs.epoch(2));
    }
    JsonLines.resume(file, Runs.description(), 1, Runs.CLOCK).close();
    JsonLines.resume(file, Runs.description(), 1, Runs.CLOCK).close();
    assertEquals(List.of(Runs.epoch(1)), EpochHistory.read(file).epochs());
  }

  @Test
  void aDamagedFileIsNotRewritten() throws IOException {
    Files.writeString(file, "no JSON\n");
    assertThrows(UserError.class, () -> JsonLines.resume(file, Runs.description(), 1, Runs.CLOCK));
    assertEquals("no JSON\n", Files.readString(file));
    try (var files = Files.list(dir)) {
      assertEquals(List.of(file), files.toList());
    }
  }

  @Test
  void aFileWithoutARunIsNoRecord() throws IOException {
    Files.writeString(file, "");
    assertThrows(UserError.class, () -> EpochHistory.read(file));
    Files.delete(file);
    UserError error = assertThrows(UserError.class, () -> EpochHistory.read(file));
    assertTrue(error.getMessage().contains(file.toString()));
    assertFalse(Files.exists(file));
  }
}
