// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.checkpoint;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.testing.Jvm;
import io.github.ema4j.testing.dl4j.Kind;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
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

  /** A network, and how it is averaged: a name in {@link Training#CONFIGS}. */
  private record Case(Kind kind, String averaged) {

    AveragingConfig config() {
      return Training.CONFIGS.get(averaged);
    }
  }

  @TempDir Path parent;

  @Test
  void aRunThatIsKilledAgainAndAgainEndsBitIdentical() throws Exception {
    List<Case> cases = new ArrayList<>(List.of(new Case(Kind.GRAPH, Training.PLAIN)));
    Training.CONFIGS
        .keySet()
        .forEach(
            name ->
                cases.add(new Case(name.equals(Training.RESTORING) ? Kind.GRAPH : Kind.MLP, name)));
    ExecutorService executor = Executors.newFixedThreadPool(2);
    try {
      List<Future<?>> runs =
          cases.stream()
              .<Future<?>>map(
                  one ->
                      executor.submit(
                          () -> {
                            killAndResume(one, (KILLS + cases.size() - 1) / cases.size());
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

  private void killAndResume(Case one, int kills) throws Exception {
    Path directory = Files.createDirectory(parent.resolve(one.kind() + "-" + one.averaged()));
    long seed = System.nanoTime();
    Random random = new Random(seed);
    int reached = 0;
    int halfWritten = 0;
    for (int kill = 0; kill < kills; kill++) {
      trainAndKill(one, directory, random.nextInt(MOST_MILLIS_BEFORE_KILL));

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
        one, kills, halfWritten, reached);

    int end = reached + 3;
    Run resumed = Training.prepare(one.kind(), one.config(), directory);
    resumed.fitIterations(reached, end);
    Run whole = Run.start(one.kind(), one.config());
    whole.fitIterations(0, end);
    String message = "%s, %d kills with seed %d".formatted(one, kills, seed);
    assertTrue(reached > 0, message);
    assertArrayEquals(whole.state(parent), resumed.state(directory), message);
    assertEquals(0, leftovers(directory), message);
  }

  private static void trainAndKill(Case one, Path directory, int afterMillis)
      throws IOException, InterruptedException {
    Process process =
        Jvm.start(Training.class, one.kind().name(), one.averaged(), directory.toString());
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
