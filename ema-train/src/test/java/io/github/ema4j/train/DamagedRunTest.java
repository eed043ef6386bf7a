// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.testing.Damage;
import io.github.ema4j.testing.Zips;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A run without an average, of two epochs, with damaged files: an error of one line, nothing lost.
 */
class DamagedRunTest {
  @TempDir private static Path directory;
  private static Map<String, byte[]> files;

  private final Path run = directory.resolve("run");

  @BeforeAll
  static void train() throws Exception {
    Path images = Shapes.write(directory.resolve("images"), 8, 4);
    Command.train(
            images,
            "--model",
            "mlp",
            "--batch-size",
            "8",
            "--input-size",
            "32",
            "--epochs",
            "2",
            "--output",
            directory,
            "--experiment",
            "run")
        .ok();
    files = contents();
  }

  private static Map<String, byte[]> contents() throws IOException {
    Path run = directory.resolve("run");
    Map<String, byte[]> contents = new TreeMap<>();
    try (Stream<Path> all = Files.walk(run)) {
      for (Path file : all.filter(Files::isRegularFile).toList()) {
        contents.put(run.relativize(file).toString(), Files.readAllBytes(file));
      }
    }
    return contents;
  }

  @BeforeEach
  void undamaged() throws IOException {
    try (Stream<Path> all = Files.walk(run)) {
      for (Path file : all.filter(Files::isRegularFile).toList()) {
        Files.delete(file);
      }
    }
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      Files.write(run.resolve(file.getKey()), file.getValue());
    }
  }

  private Command.Outcome resume(Object... more) {
    Object[] arguments = new Object[2 + more.length];
    arguments[0] = "--resume";
    arguments[1] = run;
    System.arraycopy(more, 0, arguments, 2, more.length);
    return Command.train(arguments);
  }

  private static void assertOneLine(Command.Outcome outcome) {
    assertEquals(1, outcome.err().lines().count(), outcome.err());
  }

  private void assertNothingLost(String damaged) throws IOException {
    Map<String, byte[]> now = contents();
    files.forEach(
        (name, content) -> {
          if (!name.equals(damaged) && !name.equals(".lock")) {
            assertArrayEquals(content, now.get(name), name);
          }
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"null", "{}", "", "[]", "{\"command\": \"train\", \"options\": null}"})
  void settingsThatAreNone(String text) throws IOException {
    Files.writeString(run.resolve("settings.json"), text);

    assertOneLine(resume("--epochs", 3).refused("settings.json is damaged"));
    assertNothingLost("settings.json");
  }

  @Test
  void aSettingThatIsAnotherOneNow() throws IOException {
    Path settings = run.resolve("settings.json");
    String text = Files.readString(settings);
    assertTrue(text.contains("\"--lr\" : \""), text);
    Files.writeString(settings, text.replaceFirst("\"--lr\" : \"", "\"--lr\" : \"1"));

    assertOneLine(resume("--epochs", 3).refused("settings.json is damaged, or was changed"));
    assertNothingLost("settings.json");
  }

  @Test
  void aCheckpointIsAsWellCheckedAsOneWithAnAverage() throws IOException {
    String name = "checkpoints/checkpoint-2.zip";
    byte[] whole = files.get(name);
    Damage damage = new Damage(Damage.seed());
    for (int i = 0; i < 20; i++) {
      Files.write(run.resolve(name), damage.of(whole, files.get("checkpoints/checkpoint-1.zip")));
      Command.Outcome outcome = resume();
      if (outcome.code() != 0) {
        assertOneLine(outcome.refused("checkpoint-2.zip", "--resume", "checkpoint-1.zip"));
      }
    }
  }

  @Test
  void anotherUpdaterStateIsNoticed() throws IOException {
    Path last = run.resolve("checkpoints/checkpoint-2.zip");
    Map<String, byte[]> entries = Zips.read(last);
    entries.remove("updaterState.bin");
    Zips.write(last, entries);

    assertOneLine(resume("--epochs", 3).refused("lacks the entry 'updaterState.bin'"));
    assertNothingLost("checkpoints/checkpoint-2.zip");
  }

  @Test
  void aDamagedBestNetworkIsNamedBeforeAnEpochIsTrained() throws IOException {
    Files.write(run.resolve("checkpoints/bestRaw.zip"), new byte[10]);

    Command.Outcome outcome = resume("--epochs", 3).refused("bestRaw.zip", "delete it");
    assertOneLine(outcome);
    assertFalse(outcome.out().contains("epoch 3"), outcome.out());
    Files.delete(run.resolve("checkpoints/bestRaw.zip"));
    resume("--epochs", 3).ok();
    assertTrue(Files.exists(run.resolve("checkpoints/bestRaw.zip")));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aLogThatLacksEpochsIsNotGoneOnWith(boolean emptied) throws IOException {
    Path log = run.resolve("log.jsonl");
    Files.writeString(
        log, emptied ? "" : Files.readAllLines(log).get(0) + "\n"); // the run, and no epoch

    assertOneLine(resume().refused("log.jsonl"));
    assertNothingLost("log.jsonl");
  }

  @Test
  void aCheckpointOfAnImpossibleEpochIsNoCheckpoint() throws IOException {
    Path strange = run.resolve("checkpoints/checkpoint-99999999999.zip");
    Files.write(strange, new byte[5]);

    resume().ok();
    assertOneLine(Command.train("--resume", strange).refused("is not a checkpoint of a run"));
    assertTrue(Files.exists(strange));
    Files.delete(strange);
  }

  @ParameterizedTest
  @ValueSource(strings = {".", "..", "", "a/b"})
  void aNameThatIsNoneIsRefused(String name) throws IOException {
    Command.train("--output", directory, "--experiment", name, "--epochs", 1)
        .refused("--experiment", "give a name");
    assertNothingLost("");
  }

  /** Notices being deserialized. */
  private static final class Payload implements Serializable {
    private static final long serialVersionUID = 1;
    private static boolean read;

    private void readObject(ObjectInputStream in) {
      read = true;
    }
  }

  @Test
  void javaSerializationIsNotRead() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(new Payload());
    }
    for (String name : new String[] {"checkpoint-2.zip", "bestRaw.zip"}) {
      Path file = run.resolve("checkpoints").resolve(name);
      Map<String, byte[]> entries = Zips.read(file);
      entries.put("preprocessor.bin", bytes.toByteArray());
      Zips.write(file, entries);
      Command.train("eval", file).ok();
    }
    resume().ok();
    Command.train(
            "average",
            run.resolve("checkpoints/checkpoint-2.zip"),
            "-o",
            directory.resolve("average-" + System.nanoTime() + ".zip"))
        .ok();

    assertFalse(Payload.read);
  }
}
