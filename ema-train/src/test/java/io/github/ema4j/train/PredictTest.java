// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.testing.Zips;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code train predict}. */
class PredictTest {
  @TempDir private static Path directory;
  private static Path images;
  private static Path run;

  @BeforeAll
  static void train() throws IOException {
    images = Shapes.write(directory.resolve("images"), 12, 8);
    run = directory.resolve("run");
    Command.train(
            images,
            "--model",
            "simplecnn",
            "--input-size",
            "24",
            "--epochs",
            "2",
            "-b",
            "6",
            "--lr",
            "0.002",
            "--opt",
            "adam",
            "--model-ema",
            "--output",
            directory,
            "--experiment",
            "run")
        .ok();
  }

  private static List<Path> pictures(String name) throws IOException {
    try (Stream<Path> files = Files.list(images.resolve("val").resolve(name))) {
      return files.sorted().toList();
    }
  }

  /** A line for each picture of a class. */
  private static List<String> predicted(Path file, String name, Object... more) throws IOException {
    List<Object> arguments = new ArrayList<>(List.of("predict", file));
    arguments.addAll(List.of(more));
    arguments.addAll(pictures(name));
    return Command.train(arguments.toArray()).ok().out().lines().toList();
  }

  private static void assertAccuracyIsThatOfEval(Path file, String row, Object... more)
      throws IOException {
    int right = 0;
    int all = 0;
    for (String name : Shapes.CLASSES) {
      for (String line : predicted(file, name, more)) {
        right += line.contains(": " + name + " ") ? 1 : 0;
        all++;
      }
    }
    String evaluated = Command.train("eval", file, images).ok().out();
    String accuracy = String.format(Locale.ROOT, "%.2f %%", 100.0 * right / all);
    assertTrue(
        evaluated.lines().anyMatch(line -> line.contains(row) && line.contains(accuracy)),
        () -> accuracy + " is not in: " + evaluated);
  }

  @Test
  void picturesAreSeenAsInValidation() throws IOException {
    assertAccuracyIsThatOfEval(run.resolve("averaged.zip"), "weights");
    Path checkpoint = run.resolve("checkpoints/checkpoint-2.zip");
    assertAccuracyIsThatOfEval(checkpoint, "ema");
    assertAccuracyIsThatOfEval(checkpoint, "raw", "--raw");
  }

  @Test
  void aFileSaysAllByItself() throws IOException {
    Path alone = directory.resolve("alone.zip");
    Files.copy(run.resolve("averaged.zip"), alone);
    String name = Shapes.CLASSES.get(1);
    assertEquals(predicted(run.resolve("averaged.zip"), name), predicted(alone, name));
    String line = predicted(alone, name).get(0);
    for (String each : Shapes.CLASSES) {
      assertTrue(line.contains(each + " "), line);
    }
    String metadata = new String(Zips.read(alone).get("metadata.json"), StandardCharsets.UTF_8);
    assertTrue(metadata.contains("3x24x24"), metadata);
    assertTrue(metadata.contains("[0.485, 0.456, 0.406]"), metadata);
  }

  @Test
  void picturesThatCannotBeReadAreNamedAndTheOthersPredicted() throws IOException {
    Path broken = Files.writeString(directory.resolve("broken.png"), "no picture");
    Path whole = pictures("disc").get(0);
    Command.Outcome outcome =
        Command.train("predict", run.resolve("averaged.zip"), broken, whole)
            .refused("broken.png cannot be read");
    assertTrue(outcome.out().contains(whole + ": "), outcome.out());
  }

  @Test
  void filesThatSayNothingOfImagesAreRefused() throws IOException {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .list()
                .layer(new OutputLayer.Builder().nIn(3).nOut(2).build())
                .build());
    network.init();
    Path file = directory.resolve("other.zip");
    network.save(file.toFile());
    Path picture = pictures("disc").get(0);
    Command.train("predict", file, picture).refused("does not say which images");
    Command.train("predict", run.resolve("averaged.zip"), "--raw", picture)
        .refused("leave out --raw");
    Command.train("predict", run.resolve("averaged.zip")).refused("PICTURE");
  }
}
