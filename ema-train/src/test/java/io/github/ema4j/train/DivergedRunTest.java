// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A learning rate that is far too large, from the second epoch on. */
class DivergedRunTest {
  @TempDir private Path directory;

  @Test
  void theRunGoesOnKeepsTheAverageAndFailsInTheEnd() throws Exception {
    Path images = Shapes.write(directory.resolve("images"), 8, 4);
    Path run = directory.resolve("run");

    Command.Outcome outcome =
        Command.train(
            images,
            "--model",
            "lenet",
            "--model-ema",
            "--model-ema-decay",
            "0.9",
            "--lr",
            "1e20",
            "--warmup-epochs",
            "1",
            "--warmup-lr",
            "0.01",
            "--epochs",
            "2",
            "--batch-size",
            "4",
            "--input-size",
            "32",
            "--output",
            directory,
            "--experiment",
            "run");

    assertEquals(1, outcome.code(), outcome.err());
    assertEquals(1, outcome.out().split("have diverged", -1).length - 1, "said once");
    Path averaged = run.resolve("checkpoints/bestAveraged.zip");
    assertTrue(
        outcome.out().contains("The best averaged weights are in " + averaged), outcome.out());
    assertFalse(
        outcome.out().lines().anyMatch(line -> line.startsWith("ema 0.9: ")),
        "advice about the decay, which is not what is wrong");
    assertEquals(2, Summary.rows(run).size());
    assertEquals(0, Summary.last(run, "eval_top1"));
    MultiLayerNetwork network = MultiLayerNetwork.load(averaged.toFile(), false);
    assertTrue(Double.isFinite(network.params().sumNumber().doubleValue()));
    Command.train("eval", averaged).ok();
    Command.Outcome resumed = Command.train("--resume", run, "--epochs", "3");
    assertEquals(1, resumed.code(), resumed.err());
    assertTrue(resumed.out().contains("epoch 3/3 done"), resumed.out());
  }

  /** Every step of the second epoch is infinite: after three of them there is no use in more. */
  @Test
  void restoringIsGivenUpWhereItDoesNotHelp() throws Exception {
    Path images = Shapes.write(directory.resolve("images"), 8, 4);
    Path run = directory.resolve("run");

    Command.Outcome outcome =
        Command.train(
            images,
            "--model",
            "lenet",
            "--model-ema",
            "--model-ema-non-finite",
            "restore",
            "--lr",
            "1e300",
            "--warmup-epochs",
            "1",
            "--warmup-lr",
            "0.01",
            "--epochs",
            "2",
            "--batch-size",
            "4",
            "--input-size",
            "32",
            "--output",
            directory,
            "--experiment",
            "run");

    assertEquals(1, outcome.code(), outcome.err());
    assertEquals(
        3, outcome.out().split("training goes on from their average", -1).length - 1, "each said");
    assertTrue(outcome.out().contains("after iteration 3 of epoch 2"), outcome.out());
    assertTrue(outcome.err().contains("3 times in a row"), outcome.err());
    assertTrue(outcome.err().contains("train --resume " + run), outcome.err());
    assertEquals(1, Summary.rows(run).size());
  }
}
