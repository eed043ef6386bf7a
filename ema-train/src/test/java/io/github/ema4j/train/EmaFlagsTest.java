// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.AveragingUnit;
import io.github.ema4j.core.schedule.DecaySchedule;
import io.github.ema4j.core.state.AverageInfo;
import io.github.ema4j.dl4j.checkpoint.CheckpointInfo;
import io.github.ema4j.dl4j.checkpoint.EmaCheckpoint;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What each flag of the average does to the average that is kept. */
class EmaFlagsTest {
  @TempDir private static Path directory;
  private static Path images;

  @BeforeAll
  static void images() throws Exception {
    images = Shapes.write(directory.resolve("images"), 8, 4);
  }

  /** Trains one epoch of six updates with an average as these flags say. */
  private static CheckpointInfo train(String name, String... flags) throws Exception {
    List<Object> arguments =
        new ArrayList<>(
            List.of(
                images,
                "--model-ema",
                "--epochs",
                "1",
                "--input-size",
                "32",
                "--output",
                directory,
                "--experiment",
                name));
    arguments.addAll(Arrays.asList(flags));
    if (!arguments.contains("--batch-size")) {
      arguments.addAll(List.of("--batch-size", "4"));
    }
    if (!arguments.contains("--model")) {
      arguments.addAll(List.of("--model", "mlp"));
    }
    Command.train(arguments.toArray()).ok();
    return EmaCheckpoint.verify(directory.resolve(name).resolve("checkpoints/checkpoint-1.zip"));
  }

  private static List<String> schedules(CheckpointInfo info) {
    return info.averages().stream()
        .map(AverageInfo::settings)
        .map(AverageInfo.Settings::schedule)
        .toList();
  }

  @Test
  void withoutADecayTheReachGrowsWithTheRun() throws Exception {
    assertEquals(List.of("power-function(sigmaRel=0.05)"), schedules(train("default")));
    assertEquals(
        List.of("power-function(sigmaRel=0.05)", "constant(decay=0.9)"),
        schedules(train("both", "--model-ema-decay", "auto,0.9")));
  }

  @Test
  void theWarmUpAloneRisesToTheDecayOfTimmsTrainingScript() throws Exception {
    assertEquals(
        List.of(DecaySchedule.inversePower(0.9998).spec()),
        schedules(train("warmup-alone", "--model-ema-warmup")));
  }

  @Test
  void warmUpIsTimmsModelEmaV3() throws Exception {
    CheckpointInfo info = train("warmup", "--model-ema-warmup", "--model-ema-decay", "0.999,0.6");
    // ModelEmaV3: 1 - (1 + (6 - 0 - 1) / 1) ** -(2/3) at step 6.
    assertEquals(1 - Math.pow(6, -2.0 / 3), info.averages().get(0).counters().decay(), 1e-12);
    assertEquals(0.6, info.averages().get(1).counters().decay(), "at most the decay given");
  }

  @Test
  void anySchedulesOfTheLibrary() throws Exception {
    assertEquals(
        List.of("num-updates(decay=0.9)", "uniform()"),
        schedules(train("schedules", "--model-ema-schedule", "num-updates(decay=0.9);uniform()")));
    assertTrue(
        Summary.rows(directory.resolve("schedules")).get(0).containsKey("eval_top1_ema_uniform()"));
  }

  @Test
  void anIntervalAveragesAtEveryKthUpdateWithThePowerOfTheDecay() throws Exception {
    CheckpointInfo info =
        train("interval", "--model-ema-interval", "3", "--model-ema-decay", "0.9");
    assertEquals(2, info.average().counters().updates());
    assertEquals(Math.pow(0.9, 3), info.average().counters().decay(), 1e-12);
  }

  /** 24 images; the last of the batches of 5 has 4. */
  @Test
  void aHalfLifeInEpochsForgetsTheSameWhateverTheBatches() throws Exception {
    String[] flags = {"--model-ema-half-life", "2,0.5", "--model-ema-unit", "epochs"};
    CheckpointInfo four = train("epochs", flags);
    CheckpointInfo five =
        train("epochs-5", flags[0], flags[1], flags[2], flags[3], "--batch-size", "5");
    for (CheckpointInfo info : List.of(four, five)) {
      assertEquals(Math.sqrt(0.5), info.averages().get(0).counters().initialShare(), 1e-12);
      assertEquals(0.25, info.averages().get(1).counters().initialShare(), 1e-12);
      assertEquals(24, info.average().counters().steps());
      assertEquals(AveragingUnit.EXAMPLES, info.average().settings().unit());
    }
    assertEquals(5, five.average().counters().updates());
    assertTrue(
        Summary.rows(directory.resolve("epochs"))
            .get(0)
            .containsKey("eval_top1_ema_half-life 0.5 epochs"));
  }

  @Test
  void aStartIsInTheUnitToo() throws Exception {
    CheckpointInfo steps = train("start", "--model-ema-decay", "0.9", "--model-ema-start", "2");
    assertEquals(4, steps.average().counters().updates());
    CheckpointInfo examples =
        train(
            "start-examples",
            "--model-ema-decay",
            "0.9",
            "--model-ema-start",
            "2",
            "--model-ema-unit",
            "examples");
    assertEquals(Math.pow(0.9, 22), examples.average().counters().initialShare(), 1e-12);
    CheckpointInfo epochs =
        train("start-epochs", "--model-ema-start", "1", "--model-ema-unit", "epochs");
    assertEquals(0, epochs.average().counters().updates());
    Command.train("--resume", directory.resolve("start-epochs"), "--epochs", "2").ok();
    CheckpointInfo second =
        EmaCheckpoint.verify(
            directory.resolve("start-epochs").resolve("checkpoints/checkpoint-2.zip"));
    assertEquals(6, second.average().counters().updates());
  }

  @Test
  void inHostMemoryTheBitsAreTheSameAndValidated() throws Exception {
    Map<String, CheckpointInfo.Entry> device =
        train("device", "--model-ema-decay", "0.9").entries();
    Map<String, CheckpointInfo.Entry> host =
        train("host", "--model-ema-decay", "0.9", "--model-ema-force-cpu").entries();

    assertEquals(device, host);
    assertEquals(
        Summary.numbers(directory.resolve("device")), Summary.numbers(directory.resolve("host")));
  }

  @Test
  void recalibratedStatisticsAreScoredAndExported() throws Exception {
    String[] flags = {"--model", "simplecnn", "--model-ema-decay", "0.9"};
    train("averaged", flags);
    train("recalibrated", "--model-ema-bn", "recalibrate", flags[0], flags[1], flags[2], flags[3]);
    Path run = directory.resolve("recalibrated");

    assertEquals(
        Summary.last(directory.resolve("averaged"), "eval_loss"), Summary.last(run, "eval_loss"));
    assertNotEquals(
        Summary.last(directory.resolve("averaged"), "eval_loss_ema"),
        Summary.last(run, "eval_loss_ema"));
    String loss = "loss %.4f".formatted(Summary.last(run, "eval_loss_ema"));
    assertTrue(Command.train("eval", run.resolve("averaged.zip")).ok().out().contains(loss));
    assertTrue(
        Command.train("eval", run.resolve("checkpoints/checkpoint-1.zip"), "--averaged")
            .ok()
            .out()
            .contains(loss));
  }
}
