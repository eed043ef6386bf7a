// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.ui;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.core.storage.StatsStorage;
import org.deeplearning4j.ui.model.storage.FileStatsStorage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EmaRecordTest {

  private static final String RUN =
      """
      {"format":2,"session":"s","worker":"w","timestamp":1700000000000,\
      "run":{"network":"MultiLayerNetwork","parameters":2,"averages":["constant(0.5)"],\
      "unscored":["constant(0.5)"]}}""";

  private static final String STATE =
      """
      {"format":2,"session":"s","worker":"w","timestamp":1700000000001,\
      "state":{"average":"constant(0.5)","iteration":10,"epoch":1,"updates":10,"skipped":3,\
      "restores":2,"decay":0.5,"initialShare":0.25,"distance":"NaN","distanceByLayer":{"b":0.125,"a":"Infinity"},\
      "advice":["Do that"],"raw":{"accuracy":0.5},"averaged":{}}}""";

  private static final String RUN_1 =
      """
      {"format":1,"session":"s","worker":"w","timestamp":1700000000000,\
      "run":{"network":"MultiLayerNetwork","parameters":2,"averages":["constant(0.5)"]}}""";

  private static final String STATE_1 =
      """
      {"format":1,"session":"s","worker":"w","timestamp":1700000000001,\
      "state":{"average":"constant(0.5)","iteration":10,"epoch":1,"updates":10,"decay":0.5,\
      "initialShare":0.25,"distance":"NaN","distanceByLayer":{"b":0.125,"a":"Infinity"},\
      "raw":{"accuracy":0.5},"averaged":{}}}""";

  private static EmaRecord run() {
    return EmaRecord.of(
        "s",
        "w",
        1_700_000_000_000L,
        new TrainingRun(
            "MultiLayerNetwork", 2, List.of("constant(0.5)"), List.of("constant(0.5)")));
  }

  private static AverageState state() {
    Map<String, Double> distances = new LinkedHashMap<>();
    distances.put("b", 0.125);
    distances.put("a", Double.POSITIVE_INFINITY);
    return new AverageState(
        "constant(0.5)",
        10,
        1,
        10,
        3,
        2,
        0.5,
        0.25,
        Double.NaN,
        distances,
        List.of("Do that"),
        Map.of("accuracy", 0.5),
        Map.of());
  }

  private static EmaRecord update() {
    return EmaRecord.of("s", "w", 1_700_000_000_001L, state());
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static EmaRecord decoded(String text) {
    EmaRecord record = new EmaRecord();
    record.decode(utf8(text));
    return record;
  }

  @Test
  void bytesAreThoseOfFormat2() {
    assertEquals(RUN, new String(run().encode(), StandardCharsets.UTF_8));
    assertEquals(STATE, new String(update().encode(), StandardCharsets.UTF_8));
  }

  @Test
  void format2IsRead() {
    EmaRecord run = decoded(RUN);
    assertEquals("s", run.getSessionID());
    assertEquals("w", run.getWorkerID());
    assertEquals("ModelEma", run.getTypeID());
    assertEquals(1_700_000_000_000L, run.getTimeStamp());
    assertEquals(run().run(), run.run());
    assertTrue(run.state().isEmpty());

    EmaRecord update = decoded(STATE);
    assertTrue(update.run().isEmpty());
    assertEquals(state(), update.state().orElseThrow());
    assertEquals(
        List.of("b", "a"), List.copyOf(update.state().orElseThrow().distanceByLayer().keySet()));
  }

  @Test
  void format1IsReadWithoutWhatItHasNot() {
    TrainingRun run = decoded(RUN_1).run().orElseThrow();
    assertEquals(new TrainingRun("MultiLayerNetwork", 2, List.of("constant(0.5)"), List.of()), run);
    AverageState state = decoded(STATE_1).state().orElseThrow();
    assertEquals(10, state.updates());
    assertEquals(0, state.skipped());
    assertEquals(0, state.restores());
    assertEquals(List.of(), state.advice());
    assertEquals(state().distanceByLayer(), state.distanceByLayer());
    assertEquals(state().raw(), state.raw());
  }

  @Test
  void allWaysToWriteAndReadAgree() throws Exception {
    EmaRecord update = update();
    assertEquals(STATE.length(), update.encodingLengthBytes());

    ByteBuffer buffer = ByteBuffer.allocate(update.encodingLengthBytes());
    update.encode(buffer);
    assertArrayEquals(utf8(STATE), buffer.array());
    ByteArrayOutputStream stream = new ByteArrayOutputStream();
    update.encode(stream);
    assertArrayEquals(utf8(STATE), stream.toByteArray());

    EmaRecord ofBuffer = new EmaRecord();
    ofBuffer.decode(buffer.flip());
    assertEquals(state(), ofBuffer.state().orElseThrow());
    EmaRecord ofStream = new EmaRecord();
    ofStream.decode(new ByteArrayInputStream(stream.toByteArray()));
    assertEquals(state(), ofStream.state().orElseThrow());
  }

  @Test
  void laterFormatIsRefusedByName() {
    IllegalArgumentException refusal =
        assertThrows(
            IllegalArgumentException.class,
            () -> decoded("{\"format\":3,\"session\":\"s\",\"somethingNew\":7}"));
    assertTrue(refusal.getMessage().contains("format 3"), refusal.getMessage());
    assertTrue(refusal.getMessage().contains("update ema-ui"), refusal.getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{", "7", "{}", "{\"format\":0}", "{\"format\":1,\"state\":7}"})
  void somethingElseIsRefused(String text) {
    assertThrows(IllegalArgumentException.class, () -> decoded(text));
  }

  @Test
  void fileStorageKeepsIt(@TempDir Path directory) throws Exception {
    File file = directory.resolve("run.dl4j").toFile();
    StatsStorage written = new FileStatsStorage(file);
    written.putStaticInfo(run());
    written.putUpdate(update());
    written.close();

    StatsStorage read = new FileStatsStorage(file);
    assertEquals(run().run(), ((EmaRecord) read.getStaticInfo("s", EmaRecord.TYPE_ID, "w")).run());
    assertEquals(
        state(),
        ((EmaRecord) read.getLatestUpdate("s", EmaRecord.TYPE_ID, "w")).state().orElseThrow());
    read.close();
  }
}
