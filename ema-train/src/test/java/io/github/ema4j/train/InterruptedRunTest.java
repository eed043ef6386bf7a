// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.dl4j.checkpoint.CheckpointInfo;
import io.github.ema4j.dl4j.checkpoint.EmaCheckpoint;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Interrupts, kills and starves processes that train, and resumes their runs. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "sends signals and limits the size of files")
@Tag("slow")
class InterruptedRunTest {
  private static final int EPOCHS = 12;
  private static final int SIGINT = 2;
  private static final int INTERRUPTED = 128 + SIGINT;

  @TempDir private static Path directory;
  private static Path images;
  private static List<Map<String, String>> expected;
  private static Map<String, CheckpointInfo.Entry> expectedBits;

  @BeforeAll
  static void trainWithoutInterruption() throws Exception {
    images = Shapes.write(directory.resolve("images"), 12, 4);
    Command.train(arguments("whole")).ok();
    expected = Summary.numbers(directory.resolve("whole"));
    expectedBits = bits("whole");
  }

  private static Object[] arguments(String name) {
    return new Object[] {
      images,
      "--model",
      "lenet",
      "--model-ema",
      "--model-ema-half-life",
      "1.5",
      "--model-ema-unit",
      "epochs",
      "--model-ema-start",
      "1",
      "--epochs",
      EPOCHS,
      "--batch-size",
      "12",
      "--lr",
      "0.002",
      "--input-size",
      "32",
      "--log-interval",
      "1",
      "--output",
      directory,
      "--experiment",
      name
    };
  }

  private static Map<String, CheckpointInfo.Entry> bits(String name) throws Exception {
    return EmaCheckpoint.verify(
            directory.resolve(name).resolve("checkpoints/checkpoint-" + EPOCHS + ".zip"))
        .entries();
  }

  private static Path log(String name) {
    return directory.resolve(name + ".log");
  }

  private static void assertSameEnd(String name) throws Exception {
    Command.train("--resume", directory.resolve(name)).ok();
    assertEquals(expected, Summary.numbers(directory.resolve(name)));
    assertEquals(expectedBits, bits(name));
  }

  /**
   * What a shell starts in the background ignores SIGINT, down to its last descendant; a command in
   * the foreground, which a user can interrupt, does not.
   */
  private static List<String> hearingInterrupts() throws Exception {
    Path status = Path.of("/proc/self/status");
    if (Files.notExists(status)) {
      return List.of();
    }
    long ignored =
        Files.readAllLines(status).stream()
            .filter(line -> line.startsWith("SigIgn:"))
            .mapToLong(line -> Long.parseUnsignedLong(line.substring(7).strip(), 16))
            .findFirst()
            .orElse(0);
    boolean interruptIgnored = (ignored & 1 << SIGINT - 1) != 0;
    return interruptIgnored ? List.of("env", "--default-signal=INT") : List.of();
  }

  @Test
  void onInterruptItSaysHowToResumeAndDoesTheRestLater() throws Exception {
    Process process = Command.start(log("sigint"), hearingInterrupts(), arguments("sigint"));
    Command.await(process, log("sigint"), "epoch 2/" + EPOCHS + " done");
    new ProcessBuilder("kill", "-INT", Long.toString(process.pid())).start().waitFor();

    assertTrue(process.waitFor(20, TimeUnit.SECONDS), "ends promptly");
    String printed = Files.readString(log("sigint"));
    assertEquals(INTERRUPTED, process.exitValue(), printed);
    assertTrue(
        printed.contains("go on by: train --resume " + directory.resolve("sigint")), printed);
    assertTrue(Summary.rows(directory.resolve("sigint")).size() < EPOCHS, printed);
    assertSameEnd("sigint");
  }

  @Test
  void inTheFirstEpochItSaysThatNoneWasFinished() throws Exception {
    Process process = Command.start(log("early"), hearingInterrupts(), arguments("early"));
    Command.await(process, log("early"), "iteration 1/");
    new ProcessBuilder("kill", "-INT", Long.toString(process.pid())).start().waitFor();

    assertTrue(process.waitFor(20, TimeUnit.SECONDS), "ends promptly");
    String printed = Files.readString(log("early"));
    assertTrue(
        printed.contains("done in")
            || printed.contains(
                "No epoch was finished: train --resume "
                    + directory.resolve("early")
                    + " starts from the beginning"),
        printed);
    assertFalse(printed.contains("is still that of the end"), printed);
    assertSameEnd("early");
  }

  @Test
  void whatALongerRunHasNotReplacedYetIsSaid() throws Exception {
    Path run = directory.resolve("longer");
    Command.train(arguments("longer")).ok();
    Process process =
        Command.start(
            log("longer"), hearingInterrupts(), "--resume", run, "--epochs", EPOCHS + 500);
    Command.await(process, log("longer"), "epoch " + (EPOCHS + 1) + "/");
    new ProcessBuilder("kill", "-INT", Long.toString(process.pid())).start().waitFor();

    assertTrue(process.waitFor(20, TimeUnit.SECONDS), "ends promptly");
    String printed = Files.readString(log("longer"));
    assertTrue(
        printed.contains(run.resolve("averaged.zip") + " is still that of the end before"),
        printed);
  }

  @Test
  void killedAgainAndAgainItEndsTheSame() throws Exception {
    Process process = Command.start(log("kill"), arguments("kill"));
    for (int epoch : new int[] {1, 4}) {
      Command.await(process, log("kill"), "epoch " + epoch + "/" + EPOCHS + " done");
      process.destroyForcibly().waitFor();
      process = Command.start(log("kill"), "--resume", directory.resolve("kill"));
    }
    Command.await(process, log("kill"), "Going on from");
    process.destroyForcibly().waitFor();

    assertSameEnd("kill");
  }

  @Test
  void aRunThatWasKilledBeforeItBeganDoesNotBlockItsFolder() throws Exception {
    Path folder = directory.resolve("killed early");
    Files.createDirectories(folder.resolve("checkpoints"));
    Files.createFile(folder.resolve(".lock"));
    Path half = Files.writeString(folder.resolve(".ema4j-dead.tmp"), "{\"model\": ");

    Command.train(
            images,
            "--model",
            "mlp",
            "--epochs",
            1,
            "--input-size",
            "16",
            "--output",
            directory,
            "--experiment",
            "killed early")
        .ok();

    assertTrue(Files.notExists(half));
  }

  @Test
  void aFullDiskLosesNothingThatWasWritten() throws Exception {
    // Checkpoints have some 5 MB.
    List<String> limit = List.of("bash", "-c", "ulimit -f 2000; exec \"$@\"", "bash");
    Process process = Command.start(log("full"), limit, arguments("full"));

    assertTrue(process.waitFor(120, TimeUnit.SECONDS));
    String printed = Files.readString(log("full"));
    assertEquals(1, process.exitValue(), printed);
    assertTrue(printed.contains("failed: cannot write "), printed);
    assertTrue(printed.contains(directory.resolve("full").toString()), printed);
    assertEquals(1, Summary.rows(directory.resolve("full")).size(), "the row that was written");
    assertSameEnd("full");
  }

  @Test
  void twoProcessesDoNotTrainInOneFolder() throws Exception {
    Process process = Command.start(log("two"), arguments("two"));
    Command.await(process, log("two"), "epoch 1/" + EPOCHS + " done");
    Command.train("--resume", directory.resolve("two")).refused("by another process");
    process.destroyForcibly().waitFor();
  }
}
