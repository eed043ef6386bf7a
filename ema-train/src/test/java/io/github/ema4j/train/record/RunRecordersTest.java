// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.record;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.train.error.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class RunRecordersTest {
  @TempDir Path dir;

  private RunRecorder open(int resumeAfterEpoch) {
    return RunRecorders.open(dir, Runs.description(), resumeAfterEpoch);
  }

  private void train(RunRecorder recorder, int firstEpoch, int lastEpoch) {
    try (recorder) {
      for (int epoch = firstEpoch; epoch <= lastEpoch; epoch++) {
        recorder.iteration(epoch, 10L * epoch - 5, 0.5, 0.1, 1);
        recorder.epoch(Runs.epoch(epoch, Runs.average("0.99", 0.82, 0.5)));
      }
    }
  }

  private List<String> epochsOfSummary() throws IOException {
    return Files.readAllLines(dir.resolve("summary.csv")).stream()
        .skip(1)
        .map(row -> row.substring(0, row.indexOf(',')))
        .toList();
  }

  private List<Integer> epochsOfLog() {
    return EpochHistory.read(dir.resolve("log.jsonl")).epochs().stream()
        .map(EpochResult::epoch)
        .toList();
  }

  @Test
  void anInterruptedRunEndsWithTheSummaryOfAnUninterruptedOne() throws IOException {
    train(open(RunRecorders.NEW_RUN), 1, 4);
    String uninterrupted = Files.readString(dir.resolve("summary.csv"));
    try (Stream<Path> files = Files.walk(dir)) {
      for (Path file :
          files.filter(f -> !f.equals(dir)).sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
    train(open(RunRecorders.NEW_RUN), 1, 3);
    train(open(2), 3, 4);
    assertEquals(uninterrupted, Files.readString(dir.resolve("summary.csv")));
    assertEquals(List.of(1, 2, 3, 4), epochsOfLog());
    try (Stream<Path> files = Files.list(dir.resolve("tensorboard/raw"))) {
      assertEquals(2, files.count());
    }
  }

  @Test
  void rowsThatTheSummaryLacksComeFromTheLog() throws IOException {
    train(open(RunRecorders.NEW_RUN), 1, 3);
    Path summary = dir.resolve("summary.csv");
    String whole = Files.readString(summary);
    Files.writeString(summary, whole.substring(0, whole.length() / 2));
    open(3).close();
    assertEquals(whole, Files.readString(summary));
    Files.delete(summary);
    open(2).close();
    assertEquals(List.of("1", "2"), epochsOfSummary());
  }

  @Test
  void resumingBeforeTheFirstEpochStartsOver() throws IOException {
    train(open(RunRecorders.NEW_RUN), 1, 1);
    open(0).close();
    assertEquals(List.of(), epochsOfSummary());
    assertEquals(List.of(), epochsOfLog());
  }

  @Test
  void resumingWhereNothingWasRecordedStarts() throws IOException {
    train(open(0), 1, 1);
    assertTrue(Files.readString(dir.resolve("log.jsonl")).startsWith("{\"type\":\"start\""));
    assertEquals(List.of("1"), epochsOfSummary());
  }

  @Test
  void aNewRunDoesNotOverwriteAnother() throws IOException {
    train(open(RunRecorders.NEW_RUN), 1, 1);
    String before = Files.readString(dir.resolve("log.jsonl"));
    UserError error = assertThrows(UserError.class, () -> open(RunRecorders.NEW_RUN));
    assertTrue(
        error.getMessage().startsWith(dir.resolve("log.jsonl") + " is of an earlier run"),
        error.getMessage());
    assertEquals(before, Files.readString(dir.resolve("log.jsonl")));
  }

  @Test
  void aSummaryWithoutItsLogIsNotOverwritten() throws IOException {
    Files.writeString(dir.resolve("summary.csv"), "epoch\n1\n");
    assertThrows(UserError.class, () -> open(1));
    assertEquals("epoch\n1\n", Files.readString(dir.resolve("summary.csv")));
    assertFalse(Files.exists(dir.resolve("log.jsonl")));
  }

  @Test
  void anEpochBeforeAllIsRefused() {
    assertThrows(IllegalArgumentException.class, () -> open(-2));
  }

  @Test
  void whatOneRecorderCannotWriteTheOthersDo() throws IOException {
    try (RunRecorder recorder = open(RunRecorders.NEW_RUN)) {
      Path obstacle = dir.resolve("summary.csv");
      Files.deleteIfExists(obstacle);
      Files.createDirectory(obstacle);
      UserError error = assertThrows(UserError.class, () -> recorder.epoch(Runs.epoch(1)));
      assertTrue(error.getMessage().contains("summary.csv"), error.getMessage());
      assertEquals(List.of(1), epochsOfLog());
      Files.delete(obstacle);
      recorder.epoch(Runs.epoch(2));
    }
    assertEquals(List.of("1", "2"), epochsOfSummary());
  }

  /** Killed while it writes, at any moment. */
  @Test
  @Timeout(60)
  void aKilledProcessLosesNothingThatItHadRecorded(@TempDir Path outputs) throws Exception {
    Path output = outputs.resolve("output");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Endless.class.getName(),
                dir.toString())
            .redirectOutput(output.toFile())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      while (lineBreaks(output) < 20 && process.isAlive()) {
        Thread.sleep(5);
      }
    } finally {
      process.destroyForcibly();
      assertTrue(process.waitFor(30, TimeUnit.SECONDS));
    }
    int reported = lineBreaks(output);
    assertTrue(reported >= 20, "only " + reported);
    assertTrue(epochsOfLog().size() >= reported, epochsOfLog() + ", reported " + reported);
    open(reported).close();
    assertEquals(reported, epochsOfLog().size());
    assertEquals(reported, epochsOfSummary().size());
  }

  private static int lineBreaks(Path file) throws IOException {
    return (int) Files.readString(file).chars().filter(c -> c == '\n').count();
  }

  /** Records one epoch after the other and tells so. */
  static final class Endless {
    private Endless() {}

    public static void main(String[] args) {
      RunRecorder recorder =
          RunRecorders.open(Path.of(args[0]), Runs.description(), RunRecorders.NEW_RUN);
      for (int epoch = 1; ; epoch++) {
        recorder.epoch(Runs.epoch(epoch));
        System.out.println(epoch);
      }
    }
  }

  @Test
  void aDirectoryThatIsAFileIsNamed() throws IOException {
    Path file = Files.writeString(dir.resolve("x"), "", StandardOpenOption.CREATE);
    UserError error =
        assertThrows(
            UserError.class,
            () -> RunRecorders.open(file, Runs.description(), RunRecorders.NEW_RUN));
    assertTrue(error.getMessage().contains(file.toString()), error.getMessage());
  }
}
