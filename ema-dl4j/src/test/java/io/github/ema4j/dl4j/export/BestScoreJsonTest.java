// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.export;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.dl4j.EmaCheckpointException;
import io.github.ema4j.dl4j.export.BestModels.Best;
import io.github.ema4j.dl4j.export.BestModels.Goal;
import io.github.ema4j.testing.Zips;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Why a network was kept, as it stands in its file. */
class BestScoreJsonTest {

  @TempDir Path directory;

  private Path file;
  private Best raw;

  @BeforeEach
  void name() {
    file = directory.resolve("best.zip");
    raw = new Best(file, -0.1 - 0.2, 12, 3, Optional.empty());
  }

  private Best rewritten(byte[] json, Goal goal) throws IOException {
    Zips.write(
        file,
        Map.of(
            BestScoreJson.ENTRY,
            json,
            "coefficients.bin",
            new byte[1],
            "configuration.json",
            new byte[2]));
    return BestScoreJson.read(file, goal);
  }

  private void refused(String said, String json) {
    EmaCheckpointException e =
        assertThrows(
            EmaCheckpointException.class, () -> rewritten(json.getBytes(UTF_8), Goal.MINIMIZE));
    assertTrue(e.getMessage().contains(said), e.getMessage());
    assertTrue(e.getMessage().contains(file.toString()), e.getMessage());
  }

  @Test
  void whatWasWrittenIsReadBitForBit() throws IOException {
    Best averaged =
        new Best(
            file,
            0.1 + 0.2,
            Integer.MAX_VALUE,
            0,
            Optional.of(new BestModels.Average(2, "constant(decay=0.9)")));
    for (Goal goal : Goal.values()) {
      assertEquals(raw, rewritten(BestScoreJson.write(raw, goal), goal));
      assertEquals(averaged, rewritten(BestScoreJson.write(averaged, goal), goal));
    }
  }

  @Test
  void aNetworkKeptForTheOtherGoalIsRefusedAndNotDamaged() throws IOException {
    byte[] json = BestScoreJson.write(raw, Goal.MAXIMIZE);
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> rewritten(json, Goal.MINIMIZE));
    assertTrue(
        e.getMessage().contains("to MAXIMIZE its score, but now the goal is to MINIMIZE"),
        e.getMessage());
  }

  @Test
  void aTextThatSaysSomethingElseIsRefusedWithItsFile() throws IOException {
    String json = new String(BestScoreJson.write(raw, Goal.MINIMIZE), UTF_8);
    refused("the format is version 2", json.replaceFirst("\"format\" : 1", "\"format\" : 2"));
    refused("'goal' must be one of", json.replace("MINIMIZE", "minimize"));
    refused("[loss]", json.replaceFirst("\\{", "{\"loss\": 1,"));
    refused("'schedule' is missing", json.replaceFirst("\\{", "{\"average\": 1,"));
    refused("bad bestScore.json", json.replace(": 12", ": " + (1L << 31)));
  }

  @Test
  void aFileWithoutTheEntryIsRefused() throws IOException {
    Zips.write(file, Map.of("configuration.json", new byte[2]));
    EmaCheckpointException e =
        assertThrows(EmaCheckpointException.class, () -> BestScoreJson.read(file, Goal.MINIMIZE));
    assertTrue(e.getMessage().contains("lacks the entry 'bestScore.json'"), e.getMessage());
  }
}
