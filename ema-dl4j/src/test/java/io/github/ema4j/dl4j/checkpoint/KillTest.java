// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.checkpoint;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.testing.Jvm;
import io.github.ema4j.testing.dl4j.Kind;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.deeplearning4j.optimize.listeners.Checkpoint;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills a training process at random moments, as {@code kill -9} does, starts it again each time,
 * and compares its end with a run that was never interrupted. The number of kills is the system
 * property {@code ema4j.kills}, 10 by default.
 */
@Tag("slow")
class KillTest {

  private static final int KILLS = Integer.getInteger("ema4j.kills", 10);
  private static final int MOST_MILLIS_BEFORE_KILL = 250;

  @TempDir Path parent;

  @Test
  void aRunThatIsKilledAgainAndAgainEndsBitIdentical() throws Exception {
    List<Kind> kinds = List.of(Kind.MLP, Kind.GRAPH);
    ExecutorService executor = Executors.newFixedThreadPool(kinds.size());
    try {
      List<Future<?>> runs =
          kinds.stream()
              .<Future<?>>map(
                  kind ->
                      executor.submit(
                          () -> {
                            killAndResume(kind, (KILLS + 1) / kinds.size());
                            return null;
                          }))
              .toList();
      for (Future<?> run : runs) {
        run.get();
      }
    } finally {
      executor.shutdownNow();
    }
  }

  private void killAndResume(Kind kind, int kills) throws Exception {
    Path directory = Files.createDirectory(parent.resolve(kind.name()));
    long seed = System.nanoTime();
    Random random = new Random(seed);
    int reached = 0;
    int halfWritten = 0;
    for (int kill = 0; kill < kills; kill++) {
      trainAndKill(kind, directory, random.nextInt(MOST_MILLIS_BEFORE_KILL));

      List<Checkpoint> available = EmaCheckpointListener.availableCheckpoints(directory);
      for (Checkpoint checkpoint : available) {
        EmaCheckpoint.verify(directory.resolve(checkpoint.getFilename()));
      }
      int last = available.isEmpty() ? 0 : available.get(available.size() - 1).getIteration();
      assertTrue(last >= reached, "went back from %d to %d".formatted(reached, last));
      reached = last;
      halfWritten += leftovers(directory);
    }
    System.out.printf(
        "%s: %d kills, %d of them while a file was half written, %d iterations%n",
        kind, kills, halfWritten, reached);

    int end = reached + 3;
    Run resumed = Training.prepare(kind, directory);
    resumed.fitIterations(reached, end);
    Run whole = Run.start(kind);
    whole.fitIterations(0, end);
    String message = "%s, %d kills with seed %d".formatted(kind, kills, seed);
    assertTrue(reached > 0, message);
    assertArrayEquals(whole.state(parent), resumed.state(directory), message);
    assertEquals(0, leftovers(directory), message);
  }

  private static void trainAndKill(Kind kind, Path directory, int afterMillis)
      throws IOException, InterruptedException {
    Process process = Jvm.start(Training.class, kind.name(), directory.toString());
    try (BufferedReader output =
        new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8))) {
      StringBuilder printed = new StringBuilder();
      String line;
      while ((line = output.readLine()) != null && !line.equals(Training.GOES)) {
        printed.append(line).append('\n');
      }
      assertEquals(Training.GOES, line, printed.toString());
      Thread.sleep(afterMillis);
    } finally {
      process.destroyForcibly().waitFor();
    }
  }

  private static int leftovers(Path directory) throws IOException {
    try (var files = Files.list(directory)) {
      return (int) files.filter(file -> file.toString().endsWith(".tmp")).count();
    }
  }
}
