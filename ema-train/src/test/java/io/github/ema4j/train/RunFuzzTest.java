// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.ema4j.core.internal.file.ZipReader;
import io.github.ema4j.dl4j.checkpoint.EmaCheckpoint;
import io.github.ema4j.testing.Damage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A run with an average, of two epochs, one of whose files is damaged, other ones in each run of
 * this test: to resume it is an error of one line that leaves all others as they are, or ends with
 * the results of the undamaged run.
 */
@Tag("slow")
class RunFuzzTest {
  private static final long SEED = Damage.seed();
  private static final int DAMAGES = 120;
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private static Path directory;
  private static Path run;

  /** Of the run after two epochs, and of the same after a third. */
  private static Map<String, byte[]> files;

  private static Map<String, byte[]> later;

  /** What the undamaged run comes to with so many epochs. */
  private static final Map<Integer, Results> expected = new HashMap<>();

  private static final Map<String, String> evaluated = new HashMap<>();

  @BeforeAll
  static void train() throws Exception {
    Path images = Shapes.write(directory.resolve("images"), 4, 2);
    run = directory.resolve("run");
    Object[] arguments = {
      images,
      "--model",
      "mlp",
      "--model-ema",
      "--model-ema-decay",
      "0.5",
      "--batch-size",
      "4",
      "--input-size",
      "16",
      "--log-interval",
      "1",
      "--epochs",
      "2",
      "--output",
      directory,
      "--experiment",
      "run"
    };
    Command.train(arguments).ok();
    files = contents();
    for (String zip : files.keySet()) {
      if (zip.endsWith(".zip")) {
        evaluated.put(zip, Command.train("eval", run.resolve(zip)).ok().out());
      }
    }
    for (int epochs : new int[] {2, 3}) {
      undamaged();
      resume(epochs).ok();
      expected.put(epochs, Results.of(run, epochs));
    }
    later = contents();
  }

  private static Map<String, byte[]> contents() throws IOException {
    Map<String, byte[]> contents = new TreeMap<>();
    try (Stream<Path> all = Files.walk(run)) {
      for (Path file : all.filter(Files::isRegularFile).toList()) {
        contents.put(run.relativize(file).toString(), Files.readAllBytes(file));
      }
    }
    return contents;
  }

  @BeforeEach
  void restore() throws IOException {
    undamaged();
  }

  private static void undamaged() throws IOException {
    for (String name : contents().keySet()) {
      Files.delete(run.resolve(name));
    }
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      Files.write(run.resolve(file.getKey()), file.getValue());
    }
  }

  private static Command.Outcome resume(int epochs) {
    return Command.train("--resume", run, "--epochs", epochs);
  }

  /**
   * All that does not depend on the clock.
   *
   * @param summary the rows of the table
   * @param log its lines about iterations and epochs
   * @param checkpoint the checksums of the last one
   * @param networks what the files of networks without an updater hold
   */
  private record Results(
      List<Map<String, String>> summary,
      List<ObjectNode> log,
      Object checkpoint,
      Map<String, String> networks) {

    static Results of(Path run, int epochs) throws IOException {
      List<ObjectNode> log = new ArrayList<>();
      for (String text : Files.readAllLines(run.resolve("log.jsonl"))) {
        ObjectNode line = (ObjectNode) JSON.readTree(text);
        if (List.of("iteration", "epoch").contains(line.get("type").textValue())) {
          log.add(line.remove(List.of("time", "seconds", "images_per_second", "crc32")));
        }
      }
      Path checkpoint = run.resolve("checkpoints/checkpoint-" + epochs + ".zip");
      Map<String, String> networks = new TreeMap<>();
      for (String name :
          List.of("averaged.zip", "checkpoints/bestRaw.zip", "checkpoints/bestAveraged.zip")) {
        if (Files.exists(run.resolve(name))) {
          networks.put(name, content(run.resolve(name)));
        }
      }
      return new Results(
          Summary.numbers(run), log, EmaCheckpoint.verify(checkpoint).entries(), networks);
    }

    /** As a reader finds it, to whom not every bit of a zip matters. */
    private static String content(Path file) throws IOException {
      StringBuilder content = new StringBuilder();
      try (ZipReader zip = new ZipReader(file)) {
        for (String name : zip.names()) {
          content.append(name).append(Arrays.toString(zip.bytes(name, 1 << 24)));
        }
      }
      return content.toString();
    }

    Results without(String name) {
      Map<String, String> others = new TreeMap<>(networks);
      others.remove(name);
      return new Results(summary, log, checkpoint, others);
    }
  }

  private static void assertOneLine(Command.Outcome outcome, String which) {
    assertNotEquals(0, outcome.code(), which);
    assertEquals(1, outcome.err().lines().count(), () -> which + ": " + outcome.err());
  }

  private static void assertOthersAsTheyWere(String damaged, String which) throws IOException {
    Map<String, byte[]> now = contents();
    files.forEach(
        (name, content) -> {
          if (!name.equals(damaged) && !name.equals(".lock")) {
            assertArrayEquals(content, now.get(name), () -> which + ": " + name);
          }
        });
  }

  /** Returns whether the run went on. */
  private static boolean assertErrorOrSameResults(String damaged, int epochs, String which)
      throws IOException {
    Command.Outcome outcome = resume(epochs);
    if (outcome.code() != 0) {
      assertOneLine(outcome, which);
      assertOthersAsTheyWere(damaged, which);
      return false;
    }
    assertEquals("", outcome.err(), which);
    Results now = Results.of(run, epochs);
    Results before = expected.get(epochs);
    assertEquals(before.summary(), now.summary(), which);
    assertEquals(before.log(), now.log(), which);
    assertEquals(before.checkpoint(), now.checkpoint(), which);
    assertTrue(before.networks().equals(now.networks()), () -> which + ": another network");
    return true;
  }

  private static void assertErrorOrSameScores(String zip, String which) {
    Command.Outcome outcome = Command.train("eval", run.resolve(zip));
    if (outcome.code() == 0) {
      assertEquals(evaluated.get(zip), outcome.out(), which);
    } else {
      assertOneLine(outcome, which);
    }
  }

  /** All files but pictures of the curves, which are only ever written. */
  private static List<String> names() {
    return files.keySet().stream()
        .filter(name -> !name.endsWith(".svg") && !name.equals(".lock"))
        .toList();
  }

  /** To draw from: those that a run goes on from more than once. */
  private static List<String> drawn() {
    List<String> names = new ArrayList<>(names());
    names.addAll(List.of("log.jsonl", "log.jsonl", "settings.json"));
    names.addAll(List.of("checkpoints/checkpoint-2.zip", "checkpoints/bestAveraged.zip"));
    return names;
  }

  private static byte[] other(String name) {
    return name.equals("checkpoints/checkpoint-2.zip")
        ? files.get("checkpoints/checkpoint-1.zip")
        : later.getOrDefault(name, files.get(name));
  }

  @Test
  void damagedFiles() throws IOException {
    Damage damage = new Damage(SEED);
    List<String> names = drawn();
    int errors = 0;
    for (int i = 0; i < DAMAGES; i++) {
      String name = names.get(damage.choose(names.size()));
      String which = name + ", damage " + i + " of the seed " + SEED;
      Files.write(run.resolve(name), damage.of(files.get(name), other(name)));
      if (name.endsWith(".zip")) {
        assertErrorOrSameScores(name, which);
      }
      errors += assertErrorOrSameResults(name, 2 + i % 2, which) ? 0 : 1;
      undamaged();
    }
    assertTrue(errors > DAMAGES / 5 && errors < DAMAGES, errors + " errors of " + DAMAGES);
  }

  /** Its state under another name does not make a checkpoint a plain network. */
  @Test
  void aCheckpointWhoseStateHasAnotherName() throws IOException {
    String name = "checkpoints/checkpoint-2.zip";
    byte[] bytes = files.get(name).clone();
    int inDirectory = new String(bytes, StandardCharsets.ISO_8859_1).lastIndexOf("emaState.json");
    bytes[inDirectory + 5] ^= 4;
    Files.write(run.resolve(name), bytes);
    assertErrorOrSameScores(name, name);
    undamaged();
  }

  @Test
  void emptiedFiles() throws IOException {
    for (String name : names()) {
      Files.write(run.resolve(name), new byte[0]);
      assertErrorOrSameResults(name, 3, name + ", emptied");
      undamaged();
    }
  }

  /** The best networks so far cannot be made again, and that is said. */
  @Test
  void missingFiles() throws IOException {
    for (String name : names()) {
      Files.delete(run.resolve(name));
      String which = name + ", missing";
      if (name.startsWith("checkpoints/best")) {
        Command.Outcome outcome = resume(2).ok();
        assertTrue(outcome.out().contains(name + " is not there"), outcome.out());
        assertEquals(expected.get(2).without(name), Results.of(run, 2), which);
      } else {
        assertErrorOrSameResults(name, 2, which);
      }
      undamaged();
    }
  }
}
