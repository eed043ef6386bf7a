// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.dl4j.checkpoint.CheckpointInfo;
import io.github.ema4j.dl4j.checkpoint.EmaCheckpoint;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.commons.io.FileUtils;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run that is stopped after an epoch and resumed is compared with one that never stopped. */
class ResumeTest {
  @TempDir private static Path directory;
  private static Path images;

  @BeforeAll
  static void images() throws Exception {
    images = Shapes.write(directory.resolve("images"), 8, 4);
  }

  private static Object[] with(List<Object> arguments, Object... more) {
    List<Object> all = new ArrayList<>(arguments);
    all.addAll(Arrays.asList(more));
    return all.toArray();
  }

  private static List<Object> run(String name, String model, Object... more) {
    return run(images, name, model, more);
  }

  private static List<Object> run(Path images, String name, String model, Object... more) {
    return List.of(
        with(
            List.of(
                images,
                "--model",
                model,
                "--batch-size",
                "8",
                "--input-size",
                "32",
                "--output",
                directory,
                "--experiment",
                name),
            more));
  }

  private static Path folder(String name) {
    return directory.resolve(name);
  }

  private static Map<String, CheckpointInfo.Entry> entries(String name, int epoch)
      throws Exception {
    return EmaCheckpoint.verify(folder(name).resolve("checkpoints/checkpoint-" + epoch + ".zip"))
        .entries();
  }

  @Test
  void severalAveragesAndDropoutEndInTheSameBits() throws Exception {
    Path few = Shapes.write(directory.resolve("few"), 3, 1);
    Object[] settings = {
      "--model-ema",
      "--model-ema-decay",
      "0.5,0.9",
      "--hflip",
      "--random-resized-crop",
      "--smoothing",
      "0.1",
      "--sched",
      "step",
      "--decay-epochs",
      "1",
      "--opt",
      "adam"
    };
    List<Object> whole = run(few, "whole", "mobilenetv2", settings);
    Command.train(with(whole, "--epochs", "2")).ok();
    List<Object> parts = run(few, "parts", "mobilenetv2", settings);
    Command.train(with(parts, "--epochs", "1")).ok();
    Command.Outcome last =
        Command.train("--epochs", "2", "--resume", folder("parts"), "--workers", "3").ok();

    assertTrue(last.out().contains("checkpoint-1.zip"), last.out());
    assertEquals(
        7,
        entries("whole", 2).size(),
        "configuration, weights, optimizer, two averages, variances");
    assertEquals(entries("whole", 2), entries("parts", 2));
    assertEquals(Summary.numbers(folder("whole")), Summary.numbers(folder("parts")));
    assertArrayEquals(
        Files.readAllBytes(folder("whole").resolve("checkpoints/bestAveraged.zip")),
        Files.readAllBytes(folder("parts").resolve("checkpoints/bestAveraged.zip")));
    assertEquals(
        ComputationGraph.load(folder("whole").resolve("averaged.zip").toFile(), false).params(),
        ComputationGraph.load(folder("parts").resolve("averaged.zip").toFile(), false).params());
  }

  @Test
  void aRunWithoutAveragesEndsInTheSameBits() throws Exception {
    Command.train(with(run("plain", "mlp"), "--epochs", "2")).ok();
    Command.train(with(run("plain-parts", "mlp"), "--epochs", "1")).ok();
    Command.train("--epochs", "2", "--resume", folder("plain-parts")).ok();
    Command.train("--epochs", "1", "--resume", folder("plain-parts"))
        .refused("--epochs 1: 2 are done");

    String checkpoint = "checkpoints/checkpoint-2.zip";
    MultiLayerNetwork whole =
        MultiLayerNetwork.load(folder("plain").resolve(checkpoint).toFile(), true);
    MultiLayerNetwork parts =
        MultiLayerNetwork.load(folder("plain-parts").resolve(checkpoint).toFile(), true);
    assertEquals(whole.params(), parts.params());
    assertEquals(whole.getUpdater().getStateViewArray(), parts.getUpdater().getStateViewArray());
    assertEquals(Summary.numbers(folder("plain")), Summary.numbers(folder("plain-parts")));
    assertFalse(Summary.rows(folder("plain")).get(0).containsKey("eval_top1_ema"));
    assertFalse(Files.exists(folder("plain").resolve("averaged.zip")));
  }

  @Test
  void anEarlierCheckpointDropsWhatCameAfterIt() throws Exception {
    List<Object> settings = run("back", "simplecnn", "--model-ema", "--model-ema-bn", "copy");
    Command.train(with(settings, "--epochs", "3")).ok();
    Map<String, CheckpointInfo.Entry> before = entries("back", 3);
    List<Map<String, String>> numbers = Summary.numbers(folder("back"));

    Path second = folder("back").resolve("checkpoints/checkpoint-2.zip");
    Command.train("--resume", second).ok();

    assertEquals(before, entries("back", 3));
    assertEquals(numbers, Summary.numbers(folder("back")));
  }

  @Test
  void whatIsDoneIsNotDoneAgain() throws Exception {
    Command.train(with(run("done", "mlp", "--model-ema"), "--epochs", "1")).ok();
    Map<String, CheckpointInfo.Entry> before = entries("done", 1);

    Command.Outcome again = Command.train("--resume", folder("done")).ok();

    assertFalse(again.out().contains("epoch 1/1"), again.out());
    assertTrue(again.out().contains("This run is finished, with 1 of 1 epochs"), again.out());
    assertEquals(before, entries("done", 1));
    assertEquals(1, Summary.rows(folder("done")).size());
  }

  @Test
  void aRunOfWhichNothingIsLeftBeginsAnewAndKeepsItsNewLength() throws Exception {
    Command.train(with(run("lost", "mlp"), "--epochs", "1")).ok();
    FileUtils.cleanDirectory(folder("lost").resolve("checkpoints").toFile());

    Command.Outcome longer = Command.train("--resume", folder("lost"), "--epochs", "3").ok();
    assertTrue(longer.out().contains("starting at its beginning"), longer.out());
    FileUtils.cleanDirectory(folder("lost").resolve("checkpoints").toFile());
    Command.Outcome again = Command.train("--resume", folder("lost")).ok();
    assertTrue(again.out().contains("epoch 3/3 done"), again.out());
  }

  @Test
  void movedImagesAreSaidAndTheFirstCommandIsKept() throws Exception {
    Command.train(with(run("moving", "mlp"), "--epochs", "1")).ok();
    String command = RunSettings.read(folder("moving").resolve("settings.json")).command();
    Path moved = directory.resolve("moved-images");
    FileUtils.copyDirectory(images.toFile(), moved.toFile());

    Command.Outcome resumed =
        Command.train(moved, "--resume", folder("moving"), "--epochs", "2").ok();

    assertTrue(
        resumed.out().contains("The images were in %s and now are in %s".formatted(images, moved)),
        resumed.out());
    assertEquals(command, RunSettings.read(folder("moving").resolve("settings.json")).command());
  }

  @Test
  void theLatestRunIsResumedIfNoneIsNamed() throws Exception {
    Path output = directory.resolve("dated");
    Command.train(
            images, "--model", "mlp", "--input-size", "32", "--epochs", "1", "--output", output)
        .ok();
    Command.Outcome again = Command.train("--resume", "--output", output, "--epochs", "2").ok();

    assertTrue(again.out().contains("epoch 2/2 done"), again.out());
    try (var runs = Files.list(output)) {
      String name = runs.map(path -> path.getFileName().toString()).toList().get(0);
      assertTrue(name.matches("\\d{8}-\\d{6}-mlp-32"), name);
    }
  }

  @Test
  void validatesWithoutTraining() throws Exception {
    Command.train(
            with(run("only", "mlp", "--model-ema", "--model-ema-decay", "0.5"), "--epochs", "1"))
        .ok();
    List<Map<String, String>> numbers = Summary.numbers(folder("only"));

    Command.Outcome outcome =
        Command.train("--resume", folder("only"), "--eval-only", "--epochs", "9").ok();

    assertTrue(
        outcome
            .out()
            .contains(
                EpochTable.row(
                    "ema 0.5",
                    new io.github.ema4j.train.record.Score(
                        Summary.last(folder("only"), "eval_top1_ema") / 100,
                        Summary.last(folder("only"), "eval_loss_ema")))),
        outcome.out());
    assertEquals(numbers, Summary.numbers(folder("only")));
  }

  // ---------------------------------------------------------------- refused

  @Test
  void otherSettingsAreRefusedByName() throws Exception {
    List<Object> settings = run("strict", "mlp", "--model-ema", "--sched", "cosine");
    Command.train(with(settings, "--epochs", "1")).ok();
    Path run = folder("strict");

    Command.train("--resume", run, "--lr", "0.5").refused("--lr was 0.01 and now is 0.5");
    Command.train("--resume", run, "--model", "lenet").refused("--model was mlp and now is lenet");
    Command.train("--resume", run, "--no-model-ema")
        .refused("--model-ema was true and now is false");
    Command.train("--resume", run, "--model-ema-decay", "0.9")
        .refused("--model-ema-decay was auto and now is 0.9");
    Command.train("--resume", run, "--epochs", "2").refused("--epochs was 1 and now is 2");
    Path fewer = Shapes.write(directory.resolve("fewer"), 3, 4);
    Command.train(fewer, "--resume", run).refused("24 training", "now are 9");
  }

  @Test
  void anExistingRunIsNotStartedAgain() throws Exception {
    List<Object> settings = run("twice", "mlp");
    Command.train(with(settings, "--epochs", "1")).ok();

    Command.train(with(settings, "--epochs", "1")).refused("twice exists", "--resume");
  }

  @Test
  void aDamagedCheckpointIsRefusedAndTheOneBeforeServes() throws Exception {
    Command.train(with(run("damaged", "mlp", "--model-ema"), "--epochs", "2")).ok();
    Map<String, CheckpointInfo.Entry> before = entries("damaged", 2);
    Path second = folder("damaged").resolve("checkpoints/checkpoint-2.zip");
    byte[] bytes = Files.readAllBytes(second);
    bytes[bytes.length / 2] ^= 1;
    Files.write(second, bytes);

    Command.train("--resume", folder("damaged")).refused("checkpoint-2.zip", "damaged");
    Command.train("--resume", folder("damaged").resolve("checkpoints/checkpoint-1.zip")).ok();
    assertEquals(before, entries("damaged", 2));
  }
}
