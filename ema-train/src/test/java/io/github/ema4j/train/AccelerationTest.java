// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.checkpoint.CheckpointInfo;
import io.github.ema4j.dl4j.checkpoint.EmaCheckpoint;
import io.github.ema4j.testing.LogCapture;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs are accelerated, and go on with what they began with. */
class AccelerationTest {
  @TempDir private static Path directory;
  private static Path images;

  @BeforeAll
  static void images() throws Exception {
    images = Shapes.write(directory.resolve("images"), 8, 4);
  }

  private static Command.Outcome run(String name, String... more) {
    List<Object> arguments = new ArrayList<>(List.of(images, "--model", "lenet", "--model-ema"));
    arguments.addAll(List.of("--input-size", "28", "--output", directory, "--experiment", name));
    arguments.addAll(List.of(more));
    return Command.train(arguments.toArray()).ok();
  }

  private static Command.Outcome resume(String name, String... more) {
    List<Object> arguments = new ArrayList<>(List.of("--resume", directory.resolve(name)));
    arguments.addAll(List.of(more));
    return Command.train(arguments.toArray());
  }

  private static Map<String, CheckpointInfo.Entry> entries(String name, int epoch)
      throws Exception {
    Path checkpoints = directory.resolve(name).resolve("checkpoints");
    return EmaCheckpoint.verify(checkpoints.resolve("checkpoint-" + epoch + ".zip")).entries();
  }

  private static void edit(String name, String pattern, String replacement) throws Exception {
    Path settings = directory.resolve(name).resolve("settings.json");
    String before = Files.readString(settings);
    String after = before.replaceFirst(pattern, replacement);
    assertNotEquals(before, after);
    Files.writeString(settings, after);
  }

  @Test
  void networksAreAcceleratedUnlessToldOtherwise() throws Exception {
    String fast = run("fast", "--epochs", "1").out();
    assertTrue(fast.contains("Accelerated: "), fast);
    String slow = run("slow", "--epochs", "1", "--no-accelerate").out();
    assertTrue(slow.contains("Not accelerated, as --no-accelerate says"), slow);
    assertNotEquals(entries("slow", 1), entries("fast", 1), "rounded alike");
  }

  @Test
  void averagesAreUpdatedWhileTrainingGoesOn() {
    try (LogCapture logs = new LogCapture(ModelEmaListener.class)) {
      run("overlapped", "--epochs", "1", "--model-ema-decay", "0.9,0.99");
      assertEquals(2, logs.messages(Level.INFO).size(), "the beginning of each average");
      assertFalse(logs.messages(Level.INFO).toString().contains("not overlapped"));
    }
  }

  @Test
  void otherAccelerationIsRefusedByName() {
    run("mine", "--epochs", "1");
    resume("mine", "--epochs", "2", "--no-accelerate")
        .refused("--no-accelerate was false and now is true");
    run("theirs", "--epochs", "1", "--no-accelerate");
    resume("theirs", "--epochs", "2", "--no-accelerate=false")
        .refused("--no-accelerate was true and now is false");
  }

  @Test
  void otherNativeLibraryIsRefusedByName() throws Exception {
    run("moved", "--epochs", "1");
    Path file = directory.resolve("moved").resolve("settings.json");
    RunSettings settings = RunSettings.read(file);
    new RunSettings(
            settings.command(),
            settings.options(),
            "with wings",
            settings.classes(),
            settings.trainingImages(),
            settings.validationImages())
        .write(file);
    resume("moved", "--epochs", "2")
        .refused("the native library was one with wings and now is one " + Acceleration.library());
  }

  @Test
  void otherRoundingIsAllowedByNameAndFromThenOnTheRunsOwn() {
    run("rounded", "--epochs", "1");
    Command.Outcome other =
        resume("rounded", "--epochs", "2", "--no-accelerate", "--allow-other-rounding").ok();
    assertTrue(
        other.out().contains("differ by rounding")
            && other.out().contains("--no-accelerate was false and now is true"),
        other.out());
    assertTrue(other.out().contains("Not accelerated"), other.out());
    Command.Outcome more = resume("rounded", "--epochs", "3").ok();
    assertTrue(more.out().contains("Not accelerated"), more.out());
    assertFalse(more.out().contains("rounding"), more.out());
    resume("rounded", "--epochs", "4", "--no-accelerate=false")
        .refused("--no-accelerate was true and now is false", "--allow-other-rounding");
    resume("rounded", "--epochs", "4", "--model", "mlp", "--allow-other-rounding")
        .refused("--model was lenet and now is mlp");
    Command.train("--allow-other-rounding").refused("needs --resume");
  }

  /** The native library of this test is one with oneDNN where there is one: that is refused. */
  @Test
  void runsOfVersionsThatCouldNotAccelerateGoOnWithout() throws Exception {
    run("old", "--epochs", "2", "--no-accelerate");
    run("parts", "--epochs", "1", "--no-accelerate");
    edit("parts", "(?m)^.*\"--no-accelerate\".*\\R", "");
    edit("parts", "(?m)^.*\"library\".*\\R", "");
    edit("parts", ",\\s*\"crc32\"[^}]*", "");
    Command.Outcome outcome = resume("parts", "--epochs", "2");
    if (Acceleration.library().equals(RunSettings.WITHOUT_ONEDNN)) {
      assertTrue(outcome.ok().out().contains("Not accelerated"), outcome.out());
      assertEquals(entries("old", 2), entries("parts", 2));
    } else {
      outcome.refused("the native library was one without oneDNN and now is one with oneDNN");
    }
  }
}
