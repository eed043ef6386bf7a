// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.dl4j.checkpoint.EmaCheckpoint;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Trains on a folder of images, and looks at everything that a run leaves behind. */
@Tag("numbers")
class TrainTest {
  @TempDir private static Path directory;
  private static Path images;
  private static Path run;
  private static Command.Outcome outcome;

  @BeforeAll
  static void train() throws Exception {
    images = Shapes.write(directory.resolve("images"), 32, 10);
    run = directory.resolve("output").resolve("shapes");
    outcome =
        Command.train(
                images,
                "--model",
                "lenet",
                "--model-ema",
                "--model-ema-decay",
                "0.8",
                "--epochs",
                "4",
                "--batch-size",
                "8",
                "--lr",
                "0.002",
                "--input-size",
                "32",
                "--log-interval",
                "5",
                "--output",
                directory.resolve("output"),
                "--experiment",
                "shapes")
            .ok();
  }

  @Test
  void rawAndAveragedWeightsLearnTheShapes() throws Exception {
    assertEquals(4, Summary.rows(run).size());
    assertTrue(Summary.last(run, "eval_top1") > 90, Files.readString(run.resolve("summary.csv")));
    assertTrue(Summary.last(run, "eval_top1_ema") > 90);
    assertTrue(Summary.last(run, "eval_loss_ema") < 0.3);
    assertEquals(48, Summary.last(run, "iteration"));
    assertEquals(0.8, Summary.last(run, "decay_ema"));
    assertEquals(Math.pow(0.8, 48), Summary.last(run, "initial_share_ema"), 1e-12);
  }

  @Test
  void progressIsPrinted() throws Exception {
    for (String part :
        List.of(
            "96 training and 30 validation images of 3 classes",
            "epoch 1/4  iteration 5/12  loss ",
            "epoch 4/4  iteration 10/12  loss ",
            " images/s  0:",
            "epoch 4/4 done in 0:",
            "  raw              accuracy ",
            "  ema 0.8          accuracy ",
            "decay 0.8%n".formatted(),
            "48 steps in all (images / batch * epochs)",
            "best averaged: accuracy ",
            "averaged network at the end (%.2f %%): "
                .formatted(Summary.last(run, "eval_top1_ema")))) {
      assertTrue(outcome.out().contains(part), "'" + part + "' is not in: " + outcome.out());
    }
    assertEquals("", outcome.err());
  }

  @Test
  void allFilesAreThere() throws Exception {
    for (String file :
        List.of(
            "settings.json",
            "summary.csv",
            "log.jsonl",
            "report.html",
            "averaged.zip",
            "checkpoints/bestRaw.zip",
            "checkpoints/bestAveraged.zip",
            "checkpoints/checkpoint-3.zip",
            "checkpoints/checkpoint-4.zip")) {
      assertTrue(Files.size(run.resolve(file)) > 0, file);
    }
    assertFalse(Files.exists(run.resolve("checkpoints/checkpoint-2.zip")), "two are kept");
    String report = Files.readString(run.resolve("report.html"));
    assertTrue(report.contains("vector-effect=\"non-scaling-stroke\""), "curves");
    assertTrue(report.contains("--model-ema-decay"), "settings");
    assertTrue(report.contains("1.0.0-M2.1"), "environment");
    assertEquals(48, EmaCheckpoint.verify(run.resolve("checkpoints/checkpoint-4.zip")).iteration());
  }

  @Test
  void theExportedZipIsPlainAndHasTheAccuracyOfTheReport() throws Exception {
    File zip = run.resolve("averaged.zip").toFile();
    assertEquals(
        EmaCheckpoint.restore(run.resolve("checkpoints/checkpoint-4.zip")).ema().shadow(),
        MultiLayerNetwork.load(zip, false).params());
    assertRow(Command.train("eval", zip).ok(), "weights", "_ema");
  }

  @Test
  void rawAndAveragedWeightsOfACheckpointAreEvaluated() throws Exception {
    Path checkpoint = run.resolve("checkpoints/checkpoint-4.zip");
    assertRow(Command.train("eval", checkpoint, "--raw").ok(), "raw", "");
    assertRow(
        Command.train("eval", checkpoint, images, "--both").ok(),
        "ema constant(decay=0.8)",
        "_ema");
  }

  /** One line with the last scores of summary.csv. */
  private static void assertRow(Command.Outcome outcome, String name, String suffix)
      throws Exception {
    String row =
        String.format(
            Locale.ROOT,
            "  %-16s accuracy %6.2f %%  loss %.4f",
            name,
            Summary.last(run, "eval_top1" + suffix),
            Summary.last(run, "eval_loss" + suffix));
    assertTrue(outcome.out().contains(row), "'" + row + "' is not in: " + outcome.out());
  }
}
