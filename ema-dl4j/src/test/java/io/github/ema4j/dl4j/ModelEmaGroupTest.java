// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.Swap;
import io.github.ema4j.core.schedule.DecaySchedule;
import io.github.ema4j.dl4j.checkpoint.EmaCheckpoint;
import io.github.ema4j.dl4j.checkpoint.RestoredCheckpoint;
import io.github.ema4j.dl4j.evaluation.EmaEvaluator;
import io.github.ema4j.dl4j.evaluation.Scores;
import io.github.ema4j.dl4j.export.EmaExport;
import io.github.ema4j.testing.Bits;
import io.github.ema4j.testing.LogCapture;
import io.github.ema4j.testing.dl4j.Batches;
import io.github.ema4j.testing.dl4j.Data;
import io.github.ema4j.testing.dl4j.Nets;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.linalg.dataset.DataSet;

class ModelEmaGroupTest {

  private static final DataSet POINTS = Data.points(1, 24);

  private static AveragingConfig[] configs() {
    return new AveragingConfig[] {
      AveragingConfig.of(0.6),
      AveragingConfig.builder().schedule(DecaySchedule.inversePower(0.99)).build(),
      AveragingConfig.builder().decay(0.9).updateEvery(2).startAfter(1).build()
    };
  }

  // ---------------------------------------------------------------- training

  static Stream<WaysToFitTest.Way> waysToFit() {
    return WaysToFitTest.ways();
  }

  @ParameterizedTest
  @MethodSource("waysToFit")
  void everyMemberHasTheBitsOfAListenerOfItsOwn(WaysToFitTest.Way way) {
    Model alone = way.network().get();
    List<ModelEmaListener> listeners = Stream.of(configs()).map(ModelEmaListener::new).toList();
    alone.setListeners(listeners.toArray(ModelEmaListener[]::new));
    way.fit().accept(alone);

    Model grouped = way.network().get();
    ModelEmaGroup group = ModelEmaGroup.of(configs());
    grouped.setListeners(group);
    way.fit().accept(grouped);

    assertEquals(TrainingState.of(alone), TrainingState.of(grouped));
    assertSame(listeners, group);
    assertEquals(way.updates(), group.get(0).updateCount());
  }

  private static void assertSame(List<ModelEmaListener> listeners, ModelEmaGroup group) {
    assertEquals(listeners.size(), group.members().size());
    for (int i = 0; i < listeners.size(); i++) {
      ModelEmaListener expected = listeners.get(i);
      assertEquals(expected.average().counters(), group.get(i).average().counters());
      assertEquals(expected.moment(), group.get(i).moment());
      assertEquals(Bits.of(expected.shadow()), Bits.of(group.get(i).shadow()), "member " + i);
    }
  }

  static List<Model> constrained() {
    return List.of(Nets.constrainedMlp(), Nets.constrainedGraph());
  }

  @ParameterizedTest
  @MethodSource("constrained")
  void membersAreAveragesOfConstrainedWeights(Model network) {
    ModelEmaListener alone = new ModelEmaListener(0.8);
    ModelEmaGroup group = ModelEmaGroup.of(0.5, 0.8);
    network.setListeners(group, alone);
    for (int i = 0; i < 6; i++) {
      fit(network);
    }
    assertEquals(6, alone.updateCount());
    assertEquals(Bits.of(alone.shadow()), Bits.of(group.get(1).shadow()));
  }

  private static void fit(Model network) {
    if (network instanceof MultiLayerNetwork mln) {
      mln.fit(POINTS);
    } else {
      ((ComputationGraph) network).fit(POINTS);
    }
  }

  @Test
  void membersOfOneSelectionLeaveOutTheSameParameters() {
    ParameterSelection selection =
        ParameterSelection.averageAll().keys(Treatment.COPY, "b").excludeLayers("layer1");
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener alone = new ModelEmaListener(AveragingConfig.of(0.8), selection);
    ModelEmaGroup group =
        ModelEmaGroup.of(
            new ModelEmaListener(AveragingConfig.of(0.6), selection),
            new ModelEmaListener(AveragingConfig.of(0.8), selection));
    network.setListeners(group, alone);
    network.fit(Batches.of(POINTS, 8), 2);
    assertEquals(6, alone.updateCount());
    assertEquals(Bits.of(alone.shadow()), Bits.of(group.get(1).shadow()));
  }

  @Test
  void membersOfDifferentSelectionsAreRefused() {
    ModelEmaGroup group =
        ModelEmaGroup.of(
            new ModelEmaListener(0.6),
            new ModelEmaListener(
                AveragingConfig.of(0.8), ParameterSelection.averageAll().excludeLayers("layer1")));
    assertThrows(IllegalArgumentException.class, () -> group.start(Nets.mlp()));
  }

  @Test
  void customLoopUpdatesAllMembersOnce() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaGroup group = ModelEmaGroup.of(0.5, 0.75);
    assertThrows(IllegalStateException.class, () -> group.update(network));
    group.start(network);
    double start = network.params().getDouble(0);
    network.params().addi(1);
    assertTrue(group.update(network));
    assertEquals(start + 0.5, group.get(0).shadow().getDouble(0), 1e-6);
    assertEquals(start + 0.25, group.get(1).shadow().getDouble(0), 1e-6);
    assertEquals(1, group.get(0).updateCount());
    assertEquals(1, group.get(1).updateCount());
  }

  @Test
  void pretrainingOfLayersIsReportedOnceAndNotAveraged() {
    try (LogCapture log = new LogCapture(ModelEmaListener.class)) {
      MultiLayerNetwork network = Nets.autoEncoder();
      ModelEmaGroup group = ModelEmaGroup.of(0.5, 0.75);
      network.setListeners(group);
      network.pretrain(Batches.of(POINTS, 8));
      assertFalse(group.get(0).isStarted());
      assertFalse(group.get(1).isStarted());
      assertEquals(1, log.messages(Level.WARN).size());
    }
  }

  // ---------------------------------------------------------------- mistakes

  @Test
  void memberRegisteredByItselfIsRefusedBeforeAnythingIsTrained() {
    for (boolean groupToo : new boolean[] {true, false}) {
      MultiLayerNetwork network = Nets.mlp();
      ModelEmaGroup group = ModelEmaGroup.of(0.5, 0.75);
      if (groupToo) {
        network.setListeners(group, group.get(1));
      } else {
        network.setListeners(group.get(1));
      }
      Bits before = Bits.of(network.params());
      IllegalStateException e =
          assertThrows(IllegalStateException.class, () -> network.fit(POINTS));
      assertEquals(
          "This ModelEmaListener is a member of a ModelEmaGroup, which updates it: register and"
              + " update the group only",
          e.getMessage());
      assertEquals(before, Bits.of(network.params()));
      assertEquals(0, group.get(1).updateCount());
    }
  }

  @Test
  void groupRegisteredTwiceIsRefused() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaGroup group = ModelEmaGroup.of(0.5);
    network.setListeners(group, group);
    IllegalStateException e = assertThrows(IllegalStateException.class, () -> network.fit(POINTS));
    assertTrue(e.getMessage().startsWith("This ModelEmaGroup is registered 2 times"));
  }

  @Test
  void memberIsInOneGroupAndInItOnce() {
    ModelEmaListener one = new ModelEmaListener(0.5);
    ModelEmaListener other = new ModelEmaListener(0.6);
    assertThrows(IllegalArgumentException.class, () -> ModelEmaGroup.of(one, one));
    assertThrows(IllegalArgumentException.class, () -> ModelEmaGroup.of(new double[0]));
    assertThrows(IllegalArgumentException.class, () -> ModelEmaGroup.of(0.5, 1.5));
    ModelEmaGroup.of(one);
    assertThrows(IllegalStateException.class, () -> ModelEmaGroup.of(other, one));
    ModelEmaGroup.of(other); // which the refused group did not keep
  }

  @Test
  void whileOneMemberIsSwappedInNothingElseMayTouchTheWeights(@TempDir Path directory) {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaGroup group = ModelEmaGroup.of(0.5, 0.75);
    network.setListeners(group);
    network.fit(POINTS);
    Bits raw = Bits.of(network.params());
    EmaEvaluator ofOther = new EmaEvaluator(group.get(1), Batches.of(POINTS, 8));

    try (Swap ignored = group.get(0).swap(network)) {
      Bits averaged = Bits.of(network.params());
      List<Executable> refused =
          List.of(
              () -> group.get(1).swap(network),
              () -> group.get(1).restart(network),
              () -> group.update(network),
              () -> network.fit(POINTS),
              () -> ofOther.raw(network),
              () -> EmaCheckpoint.save(directory.resolve("c.zip"), network, group.get(1)));
      for (Executable action : refused) {
        IllegalStateException e = assertThrows(IllegalStateException.class, action);
        assertTrue(e.getMessage().matches(".*: close th(e|at) Swap first"), e.getMessage());
      }
      assertEquals(averaged, Bits.of(network.params()));
    }
    assertEquals(raw, Bits.of(network.params()));
    network.fit(POINTS);
    assertEquals(2, group.get(0).updateCount());
  }

  // ---------------------------------------------------------------- use

  @Test
  void membersAreSwappedCopiedExportedAndResumedAsAnyListener(@TempDir Path directory)
      throws IOException {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaGroup group = ModelEmaGroup.of(0.5, 0.75);
    network.setListeners(group);
    network.fit(Batches.of(POINTS, 8));
    for (int i = 0; i < 2; i++) {
      Bits averaged = Bits.of(group.get(i).shadow());
      try (Swap ignored = group.get(i).swap(network)) {
        assertEquals(averaged, Bits.of(network.params()));
      }
      assertEquals(averaged, Bits.of(group.get(i).averagedNetwork(network).params()));
      Path export = directory.resolve("export.zip");
      EmaExport.save(export, network, group.get(i));
      assertEquals(averaged, Bits.of(MultiLayerNetwork.load(export.toFile(), false).params()));
      EmaCheckpoint.save(directory.resolve(i + ".zip"), network, group.get(i));
    }

    RestoredCheckpoint<MultiLayerNetwork> first =
        EmaCheckpoint.restoreMultiLayerNetwork(directory.resolve("0.zip"));
    RestoredCheckpoint<MultiLayerNetwork> second =
        EmaCheckpoint.restoreMultiLayerNetwork(directory.resolve("1.zip"));
    MultiLayerNetwork resumed = first.network();
    ModelEmaGroup again =
        ModelEmaGroup.of(first.ema(), ModelEmaListener.resume(resumed, second.ema().average()));
    resumed.setListeners(again);
    resumed.fit(Batches.of(POINTS, 8));
    network.fit(Batches.of(POINTS, 8));

    assertEquals(Bits.of(network.params()), Bits.of(resumed.params()));
    assertSame(group.members(), again);
  }

  @Tag("numbers")
  @Test
  void comparisonFindsTheBestMemberAndLeavesNoTrace() {
    MultiLayerNetwork network = Nets.mlp();
    // The last one never moves: at decay 1 it stays the initial weights.
    ModelEmaGroup group = ModelEmaGroup.of(0.5, 0.9, 1);
    network.setListeners(group);
    assertThrows(IllegalStateException.class, () -> accuracies(group, network));
    network.fit(Batches.of(POINTS, 8), 20);
    TrainingState before = TrainingState.of(network);

    Scores accuracies = accuracies(group, network);
    Scores errors =
        new EmaEvaluator(group, Batches.of(POINTS, 8))
            .compare(network)
            .minimizing(result -> 1 - result.get(Evaluation.class).accuracy());

    assertEquals(before, TrainingState.of(network));
    assertEquals(3, accuracies.averages().size());
    double largest = 0;
    for (Scores.Averaged member : accuracies.averages()) {
      double expected =
          group
              .get(member.index())
              .averagedNetwork(network)
              .evaluate(Batches.of(POINTS, 8))
              .accuracy();
      assertEquals(expected, member.score());
      assertEquals(group.get(member.index()).initialShare(), member.initialShare());
      largest = Math.max(largest, expected);
    }
    assertEquals(network.evaluate(Batches.of(POINTS, 8)).accuracy(), accuracies.raw());
    assertEquals(largest, accuracies.best().score());
    assertEquals(accuracies.best().index(), errors.best().index());
    assertTrue(accuracies.best().score() > accuracies.averages().get(2).score());
  }

  private static Scores accuracies(ModelEmaGroup group, MultiLayerNetwork network) {
    return new EmaEvaluator(group, Batches.of(POINTS, 8))
        .compare(network)
        .maximizing(result -> result.get(Evaluation.class).accuracy());
  }

  @Test
  void membersNotUpdatedYetAreNotCompared() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaGroup group =
        ModelEmaGroup.of(
            AveragingConfig.builder().decay(0.9).startAfter(10).build(), AveragingConfig.of(0.5));
    network.setListeners(group);
    network.fit(POINTS);
    assertEquals(1, accuracies(group, network).averages().size());
    assertEquals(1, accuracies(group, network).best().index());
  }

  @Test
  void comparisonPrintsATableWithTheBestMarked() {
    Scores comparison =
        new Scores(
            0.25,
            List.of(
                new Scores.Averaged(0, "constant(0.9)", 0.5, Double.NaN),
                new Scores.Averaged(1, "constant(0.99)", 0.75, 0.125),
                new Scores.Averaged(2, "constant(0.999)", 1, 0.125)),
            true);
    assertEquals(1, comparison.best().index());
    assertEquals(
        List.of(
            "  weights                          initial share        score",
            "  raw                                                0.250000",
            "  constant(0.9)                          50.00 %   not finite",
            "* constant(0.99)                         75.00 %     0.125000",
            "  constant(0.999)                       100.00 %     0.125000"),
        comparison.toString().lines().toList());
  }

  @Test
  void listenersAfterTheGroupSeeTheAveragesOfTheirStep() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaGroup group = ModelEmaGroup.of(0.6, 0.8);
    EmaByHand first = new EmaByHand(group.get(0), 0.6, network.params());
    EmaByHand second = new EmaByHand(group.get(1), 0.8, network.params());
    int[] seen = new int[1];
    BaseTrainingListener swapping =
        new BaseTrainingListener() {
          @Override
          public void iterationDone(Model swapped, int iteration, int epoch) {
            assertEquals(Bits.of(swapped.params()), second.bits());
            seen[0]++;
          }
        };
    network.setListeners(group, first, second, group.get(1).during(swapping));
    network.fit(Batches.of(POINTS, 8), 2);
    assertEquals(6, first.updates());
    assertEquals(6, second.updates());
    assertEquals(6, seen[0]);
  }
}
