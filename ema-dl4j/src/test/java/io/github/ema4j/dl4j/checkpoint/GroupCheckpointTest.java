// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.schedule.DecaySchedule;
import io.github.ema4j.dl4j.EmaCheckpointException;
import io.github.ema4j.dl4j.ModelEmaGroup;
import io.github.ema4j.testing.Zips;
import io.github.ema4j.testing.dl4j.Kind;
import io.github.ema4j.testing.dl4j.Models;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.api.Model;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.shade.jackson.databind.ObjectMapper;
import org.nd4j.shade.jackson.databind.node.ObjectNode;

/** Several averages of one network in one checkpoint. */
class GroupCheckpointTest {

  private static final List<AveragingConfig> CONFIGS =
      List.of(
          AveragingConfig.of(0.9),
          AveragingConfig.builder()
              .schedule(DecaySchedule.inversePower(0.99))
              .updateEvery(2)
              .build(),
          AveragingConfig.of(0.5));

  @TempDir Path directory;

  private static ModelEmaGroup group() {
    return ModelEmaGroup.of(CONFIGS.toArray(AveragingConfig[]::new));
  }

  private static void fit(Kind kind, Model network, int from, int to) {
    for (int i = from; i < to; i++) {
      Models.fit(network, kind.batch(i));
    }
  }

  private byte[] state(Model network, ModelEmaGroup group) throws IOException {
    Path file = directory.resolve("state.zip");
    EmaCheckpoint.save(file, network, group);
    return Files.readAllBytes(file);
  }

  @ParameterizedTest
  @EnumSource(names = {"MLP", "GRAPH", "CONSTRAINED", "HALF"})
  void aResumedGroupEndsAsOneThatNeverStopped(Kind kind) throws IOException {
    Model whole = kind.initialised();
    ModelEmaGroup averages = group();
    whole.setListeners(averages);
    fit(kind, whole, 0, 5);
    Path file = directory.resolve("checkpoint.zip");
    EmaCheckpoint.save(file, whole, averages);
    fit(kind, whole, 5, 9);
    byte[] expected = state(whole, averages);

    RestoredCheckpoint<Model> run = EmaCheckpoint.restore(file, CONFIGS);
    ModelEmaGroup resumed = run.group();
    run.network().setListeners(resumed);
    fit(kind, run.network(), 5, 9);

    assertEquals(3, run.info().averages().size());
    assertArrayEquals(expected, state(run.network(), resumed));
  }

  private Path saved() throws IOException {
    Model network = Kind.MLP.initialised();
    ModelEmaGroup group = group();
    network.setListeners(group);
    fit(Kind.MLP, network, 0, 3);
    Path file = directory.resolve("checkpoint.zip");
    EmaCheckpoint.save(file, network, group);
    return file;
  }

  /** As versions before 3 wrote it: checksums of the arrays, and nothing about the others. */
  @Test
  void groupsOfFormat2AreRead() throws IOException {
    Path file = saved();
    Map<String, byte[]> entries = Zips.read(file);
    ObjectMapper json = new ObjectMapper();
    ObjectNode state = (ObjectNode) json.readTree(entries.get("emaState.json"));
    ObjectNode checksums = state.putObject("checksums");
    state
        .remove("entries")
        .fields()
        .forEachRemaining(
            entry -> {
              if (!entry.getKey().equals("configuration.json")) {
                checksums.set(entry.getKey(), entry.getValue().get("crc32"));
              }
            });
    state.put("format", 2);
    RestoredCheckpoint<Model> now = EmaCheckpoint.restore(file);
    entries.put("emaState.json", json.writeValueAsBytes(state));
    Zips.write(file, entries);

    RestoredCheckpoint<Model> then = EmaCheckpoint.restore(file);

    assertEquals(2, EmaCheckpoint.verify(file).format());
    assertEquals(3, then.averages().size());
    assertArrayEquals(state(now.network(), now.group()), state(then.network(), then.group()));
    entries.remove("emaShadow2.bin");
    Zips.write(file, entries);
    assertThrows(EmaCheckpointException.class, () -> EmaCheckpoint.restore(file));
  }

  @Test
  void oneOfSeveralIsNotTakenForAll() throws IOException {
    RestoredCheckpoint<Model> run = EmaCheckpoint.restore(saved());

    IllegalStateException e = assertThrows(IllegalStateException.class, run::ema);
    assertTrue(e.getMessage().contains("3 averages"), e.getMessage());
  }

  @Test
  void otherAveragesThanExpectedAreRefused() throws IOException {
    Path file = saved();
    EmaCheckpointException fewer =
        assertThrows(
            EmaCheckpointException.class, () -> EmaCheckpoint.restore(file, CONFIGS.subList(0, 2)));
    assertTrue(fewer.getMessage().contains("holds 3 averages, expected 2"), fewer.getMessage());
    EmaCheckpointException others =
        assertThrows(
            EmaCheckpointException.class,
            () ->
                EmaCheckpoint.restore(
                    file, List.of(CONFIGS.get(0), CONFIGS.get(1), AveragingConfig.of(0.6))));
    assertTrue(others.getMessage().contains("constant(decay=0.6)"), others.getMessage());
  }

  @Test
  void aFileWithOneAverageLostOrExchangedIsRefused() throws IOException {
    Path file = saved();
    Map<String, byte[]> entries = Zips.read(file);
    byte[] third = entries.remove("emaShadow3.bin");
    Path damaged = directory.resolve("damaged.zip");
    Zips.write(damaged, entries);
    assertTrue(
        assertThrows(EmaCheckpointException.class, () -> EmaCheckpoint.verify(damaged))
            .getMessage()
            .contains("lacks the entry 'emaShadow3.bin'"));

    entries.put("emaShadow3.bin", entries.put("emaShadow2.bin", third));
    Zips.write(damaged, entries);
    assertTrue(
        assertThrows(EmaCheckpointException.class, () -> EmaCheckpoint.restore(damaged))
            .getMessage()
            .contains("not the one that was saved"));
  }
}
