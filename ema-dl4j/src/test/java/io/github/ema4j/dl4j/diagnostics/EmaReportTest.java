// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.diagnostics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.schedule.DecaySchedule;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.export.EmaExport;
import io.github.ema4j.testing.LogCapture;
import io.github.ema4j.testing.dl4j.Batches;
import io.github.ema4j.testing.dl4j.Data;
import io.github.ema4j.testing.dl4j.Nets;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

@Tag("numbers")
class EmaReportTest {

  private static ModelEmaListener updated(MultiLayerNetwork network, double decay, int updates) {
    ModelEmaListener ema = new ModelEmaListener(decay).start(network);
    for (int i = 0; i < updates; i++) {
      ema.update(network);
    }
    return ema;
  }

  @Test
  void largeDecayInAShortRunIsToldWithARemedy() {
    MultiLayerNetwork network = Nets.mlp();
    EmaReport report = EmaReport.of(updated(network, 0.9999, 2000), network);
    assertEquals(2000, report.steps());
    assertEquals(2000, report.updates());
    assertEquals(0, report.skipped());
    assertEquals(0.9999, report.decay());
    assertEquals(Math.pow(0.9999, 2000), report.initialShare(), 1e-12);
    assertEquals(10_000, report.window(), 1e-6);
    assertTrue(report.windowExceedsRun());
    assertEquals(
        List.of(
            "At decay 0.9999 after 2,000 steps the average is still 82 % initial weights: train"
                + " longer, use a schedule that fits any run (DecaySchedule.powerFunction(0.05)) or a"
                + " decay of 0.99 for a run of this length"),
        report.advice());
  }

  @Test
  void recommendedDecayReachesBackOverATwentiethOfTheRun() {
    assertEquals(0.99, EmaReport.recommendedDecay(2000));
    assertEquals(0.9, EmaReport.recommendedDecay(200));
    assertEquals(1 - 20.0 / 942, EmaReport.recommendedDecay(942));
    assertEquals(0.9999, EmaReport.recommendedDecay(200_001));
    assertEquals(0.9999, EmaReport.recommendedDecay(Long.MAX_VALUE));
    assertEquals(0, EmaReport.recommendedDecay(20));
    assertEquals(0, EmaReport.recommendedDecay(1));
    assertThrows(IllegalArgumentException.class, () -> EmaReport.recommendedDecay(0));
    for (int updates : new int[] {200, 1000, 10_000}) {
      double share = Math.pow(EmaReport.recommendedDecay(updates), updates);
      assertTrue(share < 3e-9, "share " + share);
    }
  }

  @Test
  void recommendedDecayNeedsNoAdvice() {
    MultiLayerNetwork network = Nets.mlp();
    double decay = EmaReport.recommendedDecay(200);
    EmaReport report = EmaReport.of(updated(network, decay, 200), network);
    assertEquals(List.of(), report.advice());
    assertFalse(report.windowExceedsRun());
  }

  /** 0.6 per step, which is 1 - 20 / 50; per update there would be none to name. */
  @Test
  void anAverageUpdatedAtEveryFifthStepIsToldInSteps() {
    MultiLayerNetwork network = Nets.mlp();
    AveragingConfig config = AveragingConfig.builder().decay(0.99).updateEvery(5).build();
    ModelEmaListener ema = new ModelEmaListener(config).start(network);
    for (int i = 0; i < 50; i++) {
      ema.update(network);
    }
    EmaReport report = EmaReport.of(ema, network);
    assertEquals(50, report.steps());
    assertEquals(10, report.updates());
    assertEquals(50, report.averagedSteps());
    assertEquals(0.99, report.decay());
    assertEquals(100, report.window(), 1e-9);
    assertTrue(report.windowExceedsRun());
    assertEquals(
        List.of(
            "At decay 0.99 after 50 steps the average is still 61 % initial weights: train longer,"
                + " use a schedule that fits any run (DecaySchedule.powerFunction(0.05)) or a decay"
                + " of 0.6 for a run of this length"),
        report.advice());
  }

  /** A window of 30 steps is more than 10 updates, but not more than the run. */
  @Test
  void theWindowIsComparedWithTheStepsAveragedOver() {
    MultiLayerNetwork network = Nets.mlp();
    AveragingConfig config =
        AveragingConfig.builder()
            .schedule(DecaySchedule.window(30))
            .updateEvery(5)
            .startAfter(20)
            .build();
    ModelEmaListener ema = new ModelEmaListener(config).start(network);
    for (int i = 1; i <= 70; i++) {
      ema.update(network);
      EmaReport report = EmaReport.of(ema, network);
      assertEquals(i >= 25 && i < 50, report.windowExceedsRun(), "after " + i);
    }
    assertEquals(50, EmaReport.of(ema, network).averagedSteps());
    assertEquals(30, EmaReport.of(ema, network).window(), 1e-9);
  }

  @Test
  void aDecayPerUpdateIsAdvisedPerUpdateAndReportedPerStep() {
    MultiLayerNetwork network = Nets.mlp();
    AveragingConfig config =
        AveragingConfig.builder().decay(0.98).updateEvery(5).correctDecayForInterval(false).build();
    ModelEmaListener ema = new ModelEmaListener(config).start(network);
    for (int i = 0; i < 450; i++) {
      ema.update(network);
    }
    EmaReport report = EmaReport.of(ema, network);
    assertEquals(Math.pow(0.98, 0.2), report.decay(), 1e-15);
    assertEquals(1 / (1 - Math.pow(0.98, 0.2)), report.window(), 1e-9);
    assertEquals(
        List.of(
            "At decay 0.98 after 90 updates the average is still 16 % initial weights: train longer,"
                + " use a schedule that fits any run (DecaySchedule.powerFunction(0.05)) or a decay"
                + " of 0.78 for a run of this length"),
        report.advice());
  }

  @Test
  void whatIsNotANumberIsSaidInWords() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(1).start(network);
    assertEquals(
        List.of("decay                none yet", "window               none yet"),
        EmaReport.of(ema, network)
            .toString()
            .lines()
            .filter(line -> line.matches("(decay|window) .*"))
            .toList());
    ema.update(network);
    network.params().putScalar(0, Double.NaN);
    ema.update(network);
    String report = EmaReport.of(ema, network).toString();
    assertTrue(report.contains("window               without end, longer than the run"), report);
    assertTrue(report.contains("distance from raw    not finite"), report);
    assertTrue(report.contains("  layer0             not finite"), report);
    assertFalse(report.contains("NaN"), report);
  }

  @Test
  void equalWeightsDoNotExceedTheRunOfAUniformAverage() {
    MultiLayerNetwork network = Nets.mlp();
    AveragingConfig uniform = AveragingConfig.builder().schedule(DecaySchedule.uniform()).build();
    ModelEmaListener ema = new ModelEmaListener(uniform).start(network);
    for (int i = 1; i <= 50; i++) {
      ema.update(network);
      assertFalse(EmaReport.of(ema, network).windowExceedsRun(), "after " + i);
    }
  }

  @Test
  void distanceIsThatOfTheParametersInEachLayerAndOverall() {
    MultiLayerNetwork network = Nets.mlp(); // 40 parameters, then 27
    network.params().assign(1);
    ModelEmaListener ema = new ModelEmaListener(0.5).start(network);
    for (int i = 0; i < 40; i++) {
      network.params().putScalar(i, 3);
    }
    ema.update(network); // 2 in the first layer, 1 in the second
    EmaReport report = EmaReport.of(ema, network);
    assertEquals(List.of("layer0", "layer1"), List.copyOf(report.distanceByLayer().keySet()));
    assertEquals(1.0 / 3, report.distanceByLayer().get("layer0"), 1e-12);
    assertEquals(0, report.distanceByLayer().get("layer1"));
    assertEquals(Math.sqrt(40 / (40 * 9.0 + 27)), report.distance(), 1e-12);
  }

  @Test
  void verticesOfAGraphAreNamed() {
    ComputationGraph graph = Nets.graph();
    ModelEmaListener ema = new ModelEmaListener(0.9);
    graph.setListeners(ema);
    graph.fit(Batches.of(Data.points(1, 24), 8));
    EmaReport report = EmaReport.of(ema, graph);
    assertEquals(Set.of("first", "norm", "second", "out"), report.distanceByLayer().keySet());
    assertTrue(report.distance() > 0 && report.distance() < 1, "distance " + report.distance());
  }

  @Test
  void averageThatWasNeverUpdatedIsTold() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(0.9);
    assertThrows(IllegalStateException.class, () -> EmaReport.of(ema, network));
    ema.start(network);
    EmaReport report = EmaReport.of(ema, network);
    assertTrue(Double.isNaN(report.decay()));
    assertTrue(Double.isNaN(report.window()));
    assertFalse(report.windowExceedsRun());
    assertEquals(0, report.distance());
    assertEquals(1, report.advice().size());
    assertTrue(report.advice().get(0).startsWith("There has been no update yet"));
    assertThrows(IllegalStateException.class, () -> EmaReport.of(ema, Nets.mlp()));
  }

  @Test
  void skippedUpdatesAreTold() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = updated(network, 0.3, 4);
    network.params().putScalar(0, Double.NaN);
    ema.update(network);
    EmaReport report = EmaReport.of(ema, network);
    assertEquals(1, report.skipped());
    assertEquals(
        List.of(
            "The weights were not finite after 1 of 5 steps: lower the learning rate or clip"
                + " gradients"),
        report.advice());
    assertTrue(Double.isNaN(report.distance()));
  }

  @Test
  void reportIsReadAndLoggedLineByLine() {
    MultiLayerNetwork network = Nets.mlp();
    EmaReport report = EmaReport.of(updated(network, 0.99, 20), network);
    List<String> facts =
        List.of(
            "steps                20",
            "updates              20 (0 skipped)",
            "decay                0.99 per step",
            "initial share        81.8 %",
            "window               100 steps, longer than the run",
            "distance from raw    0.00",
            "  layer0             0.00",
            "  layer1             0.00");
    assertEquals(facts, report.toString().lines().limit(8).toList());
    assertEquals(report.advice(), report.toString().lines().skip(8).toList());
    try (LogCapture log = new LogCapture(EmaReportTest.class)) {
      report.log(LoggerFactory.getLogger(EmaReportTest.class));
      assertEquals(facts, log.messages(Level.INFO));
      assertEquals(report.advice(), log.messages(Level.WARN));
      assertEquals(1, report.advice().size());
    }
  }

  @Test
  void firstCopyOfAnAverageThatIsInitialWeightsWarnsOnce(@TempDir Path directory)
      throws IOException {
    try (LogCapture log = new LogCapture(ModelEmaListener.class)) {
      MultiLayerNetwork network = Nets.mlp();
      ModelEmaListener ema = new ModelEmaListener(0.999).start(network);
      ema.averagedNetwork(network);
      assertEquals(List.of(), log.messages(Level.WARN)); // has the initial weights on purpose
      ema.update(network);
      EmaExport.save(directory.resolve("model.zip"), network, ema);
      assertEquals(
          List.of(
              "At decay 0.999 after 1 step the average is still 100 % initial weights: train"
                  + " longer, use a schedule that fits any run (DecaySchedule.powerFunction(0.05))"),
          log.messages(Level.WARN));
      ema.update(network);
      ema.averagedNetwork(network);
      assertEquals(1, log.messages(Level.WARN).size());
    }
  }

  @Test
  void averageThatLeftTheInitialWeightsBehindIsCopiedInSilence() {
    try (LogCapture log = new LogCapture(ModelEmaListener.class)) {
      MultiLayerNetwork network = Nets.mlp();
      updated(network, 0.3, 4).averagedNetwork(network); // 0.81 %
      assertEquals(List.of(), log.messages(Level.WARN));
    }
  }
}
