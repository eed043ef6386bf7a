// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.benchmarks.harness;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** With a worker whose clock is known: a shell script. */
@DisabledOnOs(OS.WINDOWS)
class ComparerTest {

  @TempDir private Path directory;

  private Worker worker(String answers) throws Exception {
    Path script = directory.resolve("worker.sh");
    Files.writeString(
        script,
        """
        echo 'a library says hello'
        echo started >> requests.txt
        while read request operation rest; do
          echo "$request $operation $rest" >> requests.txt
          case "$request $operation" in
          %s
          *) echo '! no such thing' ;;
          esac
        done
        """
            .formatted(answers));
    return Worker.start(
        "script",
        List.of("sh", "-c", "cd '%s' && exec sh worker.sh".formatted(directory)),
        Map.of(),
        directory.resolve("log.txt"));
  }

  private static Variant variant(Worker worker, String operation) {
    return new Variant(operation, worker, operation, 1, 12);
  }

  @Test
  void ratiosAreTakenWithinRoundsAndRoundsInterleave() throws Exception {
    try (Worker worker =
        worker("'run slow') echo '= 9000 3000 3000' ;; 'run fast') echo '= 1000' ;;")) {
      Variant fast = variant(worker, "fast");
      Variant slow = variant(worker, "slow");
      Effort effort = Effort.quick().withRounds(4);
      Comparison comparison = new Comparer(effort).compare(List.of(fast, slow));
      assertEquals(1000, comparison.nanos(fast).median());
      assertEquals(3000, comparison.nanos(slow).median(), "median of the calls of a sample");
      assertEquals(3, comparison.ratio(slow, fast).median());
      assertEquals(fast, comparison.fastest(variant -> true).orElseThrow());
      assertTrue(comparison.quality().startsWith("4 interleaved rounds"), comparison.quality());
    }
    List<String> requests = Files.readAllLines(directory.resolve("requests.txt"));
    List<String> rounds = requests.subList(requests.size() - 8, requests.size());
    for (int i = 0; i < 8; i += 2) {
      assertTrue(
          !rounds.get(i).equals(rounds.get(i + 1)), "each variant once per round: " + rounds);
    }
  }

  @Test
  void roundsAreSpreadOverProcessesThatAreWarmedUpEach() throws Exception {
    Effort effort =
        new Effort(5, 2, Duration.ofMillis(1), Duration.ofMillis(1), 1, List.of(1L), false);
    try (Worker worker = worker("'run any') echo '= 1000' ;; 'arrays 7') echo '= ' ;;")) {
      Comparison comparison =
          new Comparer(effort)
              .compare(
                  List.of(variant(worker, "any")),
                  () -> {
                    worker.restart();
                    worker.ask("arrays", 7);
                  });
      assertEquals(1000, comparison.nanos(variant(worker, "any")).best());
      assertTrue(
          comparison.quality().startsWith("5 interleaved rounds in 2 processes"),
          comparison.quality());
    }
    List<String> requests = Files.readAllLines(directory.resolve("requests.txt"));
    int second = requests.lastIndexOf("started");
    assertEquals(0, requests.subList(0, second).lastIndexOf("started"), "two processes");
    assertTrue(second >= 1 + 1 + 3, "warmed up, three rounds: " + requests);
    assertEquals("arrays 7 ", requests.get(second + 1));
    assertTrue(requests.size() - second >= 2 + 1 + 2, "warmed up, two rounds: " + requests);
  }

  /** As a training step of which only the time inside a listener is asked. */
  @Test
  void aSampleTakesNoLongerBecauseAPartOfEachCallIsTimed() throws Exception {
    try (Worker worker = worker("'run part') sleep 0.05; echo '= 1000' ;;")) {
      Comparison comparison =
          new Comparer(Effort.quick()).compare(List.of(variant(worker, "part")));
      assertEquals(1000, comparison.nanos(variant(worker, "part")).median());
    }
    List<String> requests = Files.readAllLines(directory.resolve("requests.txt"));
    for (String request : requests.subList(1, requests.size())) {
      assertTrue(request.endsWith(" 1"), "calls that fit into 2 ms: " + request);
    }
  }

  @Test
  void variantThatComputesSomethingElseIsRefused() throws Exception {
    try (Worker worker =
        worker(
            "'verify right') echo '= 0.5 0.5 0.5000001' ;; 'verify wrong') echo '= 0.5 0.4 0.5' ;;"
                + " 'verify nan') echo '= 0.5 NaN 0.5' ;;")) {
      variant(worker, "right").verify(0.5);
      assertThrows(WorkerException.class, () -> variant(worker, "wrong").verify(0.5));
      assertThrows(WorkerException.class, () -> variant(worker, "nan").verify(0.5));
    }
  }

  @Test
  void errorsOfAWorkerNameRequestAndReason() throws Exception {
    try (Worker worker = worker("'bye now') echo 'the last words' >&2; exit ;;")) {
      WorkerException refused =
          assertThrows(WorkerException.class, () -> worker.ask("run", "unknown", 1, 1));
      assertEquals("script on 'run unknown 1 1': no such thing", refused.getMessage());
      WorkerException ended = assertThrows(WorkerException.class, () -> worker.ask("bye", "now"));
      assertTrue(ended.getMessage().contains("the last words"), ended.getMessage());
    }
  }
}
