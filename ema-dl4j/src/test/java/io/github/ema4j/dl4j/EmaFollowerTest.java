// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.dl4j.checkpoint.CheckpointInfo;
import io.github.ema4j.dl4j.checkpoint.EmaCheckpoint;
import io.github.ema4j.dl4j.checkpoint.EmaCheckpointListener;
import io.github.ema4j.dl4j.diagnostics.EmaReport;
import io.github.ema4j.dl4j.evaluation.Comparison;
import io.github.ema4j.dl4j.evaluation.EmaEvaluator;
import io.github.ema4j.dl4j.evaluation.EmaHistory;
import io.github.ema4j.dl4j.export.EmaExport;
import io.github.ema4j.testing.Bits;
import io.github.ema4j.testing.dl4j.Batches;
import io.github.ema4j.testing.dl4j.Data;
import io.github.ema4j.testing.dl4j.Nets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.deeplearning4j.datasets.iterator.ExistingDataSetIterator;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.deeplearning4j.optimize.listeners.Checkpoint;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;

/** What follows an average is subscribed to it; whether it is registered too does not matter. */
class EmaFollowerTest {

  private static final DataSet POINTS = Data.points(1, 24);
  private static final DataSet VALIDATION = Data.points(2, 40);

  /** How users register what follows. */
  enum Registration {
    NOT_AT_ALL {
      @Override
      TrainingListener[] of(TrainingListener ema, TrainingListener follower) {
        return new TrainingListener[] {ema};
      }
    },
    AFTER_THE_AVERAGE {
      @Override
      TrainingListener[] of(TrainingListener ema, TrainingListener follower) {
        return new TrainingListener[] {ema, follower};
      }
    },
    BEFORE_THE_AVERAGE {
      @Override
      TrainingListener[] of(TrainingListener ema, TrainingListener follower) {
        return new TrainingListener[] {follower, ema};
      }
    };

    abstract TrainingListener[] of(TrainingListener ema, TrainingListener follower);
  }

  @ParameterizedTest
  @EnumSource
  void historyIsTheSameHoweverItIsRegistered(Registration registration) {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(0.6);
    EmaEvaluator evaluator = new EmaEvaluator(ema, Batches.of(VALIDATION, 16));
    List<Bits> shadows = new ArrayList<>();
    EmaHistory history =
        evaluator.everyIterations(1).onComparison(row -> shadows.add(Bits.of(ema.shadow())));
    EmaHistory epochs = evaluator.everyEpochs(2);
    network.setListeners(registration.of(ema, history));
    network.addListeners(epochs);

    EmaByHand byHand = new EmaByHand(ema, 0.6, network.params());
    List<Bits> expected = new ArrayList<>();
    network.addListeners(
        byHand,
        new BaseTrainingListener() {
          @Override
          public void iterationDone(Model model, int iteration, int epoch) {
            expected.add(byHand.bits());
          }
        });
    network.fit(Batches.of(POINTS, 8), 4);

    assertEquals(expected, shadows);
    assertEquals(
        List.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12),
        history.history().stream().map(Comparison::iteration).toList());
    assertEquals(List.of(2, 4), epochs.history().stream().map(Comparison::epoch).toList());
    assertEquals(
        evaluator.averaged(network).get(Evaluation.class).accuracy(),
        history.last().averaged(Evaluation.class).accuracy());
  }

  @ParameterizedTest
  @EnumSource
  void checkpointsAreTheSameHoweverTheyAreRegistered(
      Registration registration, @TempDir Path directory) throws Exception {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaGroup group = ModelEmaGroup.of(0.6, 0.9);
    EmaCheckpointListener checkpoints =
        EmaCheckpointListener.builder(directory, group)
            .saveEveryNIterations(2)
            .saveEveryEpoch()
            .build();
    network.setListeners(registration.of(group, checkpoints));
    network.fit(Batches.of(POINTS, 8), 2);

    List<Checkpoint> saved = EmaCheckpointListener.availableCheckpoints(directory);
    assertEquals(List.of(2, 3, 4, 6, 6), saved.stream().map(Checkpoint::getIteration).toList());
    assertEquals(List.of(0, 1, 1, 1, 2), saved.stream().map(Checkpoint::getEpoch).toList());
    for (Checkpoint checkpoint : saved) {
      CheckpointInfo info = EmaCheckpoint.verify(directory.resolve(checkpoint.getFilename()));
      assertEquals(2, info.averages().size());
      assertEquals(checkpoint.getIteration(), info.averages().get(1).counters().updates());
    }
  }

  @Test
  void everyCallbackIsPassedOnInOrderAfterTheAverage() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(0.9);
    List<String> calls = new ArrayList<>();
    TrainingListener first = new Recorder("first", ema, calls);
    assertEquals(ema, ema.andThen(first, new Recorder("second", ema, calls)).andThen(first));
    network.setListeners(ema);
    network.fit(Batches.of(POINTS, 12), 1);
    List<String> expected = new ArrayList<>();
    for (String call :
        List.of(
            "start BETWEEN_FITS 0",
            "forward BETWEEN_FITS 0",
            "backward BETWEEN_FITS 0",
            "gradient UPDATING 0",
            "done ITERATION_DONE 1",
            "forward BETWEEN_FITS 1",
            "backward BETWEEN_FITS 1",
            "gradient UPDATING 1",
            "done ITERATION_DONE 2",
            "end EPOCH_END 2")) {
      expected.add("first " + call);
      expected.add("second " + call);
    }
    assertEquals(expected, calls);
  }

  private static final class Recorder extends BaseTrainingListener {

    private final String name;
    private final ModelEmaListener ema;
    private final List<String> calls;

    Recorder(String name, ModelEmaListener ema, List<String> calls) {
      this.name = name;
      this.ema = ema;
      this.calls = calls;
    }

    private void add(String call) {
      calls.add("%s %s %s %d".formatted(name, call, ema.moment(), ema.updateCount()));
    }

    @Override
    public void onEpochStart(Model model) {
      add("start");
    }

    @Override
    public void onForwardPass(Model model, List<INDArray> activations) {
      add("forward");
    }

    @Override
    public void onForwardPass(Model model, Map<String, INDArray> activations) {
      add("forward");
    }

    @Override
    public void onBackwardPass(Model model) {
      add("backward");
    }

    @Override
    public void onGradientCalculation(Model model) {
      add("gradient");
    }

    @Override
    public void iterationDone(Model model, int iteration, int epoch) {
      add("done");
    }

    @Override
    public void onEpochEnd(Model model) {
      add("end");
    }
  }

  @Test
  void registeredAloneItIsRefusedInWords() {
    for (boolean started : new boolean[] {false, true}) {
      MultiLayerNetwork network = Nets.mlp();
      ModelEmaListener ema = new ModelEmaListener(0.9);
      if (started) {
        ema.start(network);
      }
      network.setListeners(new EmaEvaluator(ema, Batches.of(POINTS, 8)).everyEpochs(1));
      IllegalStateException e =
          assertThrows(IllegalStateException.class, () -> network.fit(POINTS));
      assertTrue(e.getMessage().contains("register the ModelEmaListener"), e.getMessage());
    }
  }

  @Test
  void averagesDoNotFollowEachOther() {
    ModelEmaListener ema = new ModelEmaListener(0.9);
    BaseTrainingListener other = new BaseTrainingListener() {};
    assertThrows(
        IllegalArgumentException.class, () -> ema.andThen(other, new ModelEmaListener(0.5)));
    assertThrows(IllegalArgumentException.class, () -> ema.andThen(ModelEmaGroup.of(0.5)));
    assertThrows(NullPointerException.class, () -> ema.andThen(other, null));
    assertEquals(List.of(), ema.followers());
  }

  @Test
  void refusedIntervalSubscribesNothing() {
    ModelEmaListener ema = new ModelEmaListener(0.9);
    EmaEvaluator evaluator = new EmaEvaluator(ema, Batches.of(POINTS, 8));
    assertThrows(IllegalArgumentException.class, () -> evaluator.everyEpochs(0));
    assertEquals(List.of(), ema.followers());
  }

  @Test
  void whatFollowsAMemberFollowsItsGroup() {
    ModelEmaListener early = new ModelEmaListener(0.5);
    EmaHistory before = new EmaEvaluator(early, Batches.of(VALIDATION, 16)).everyIterations(1);
    ModelEmaGroup group = ModelEmaGroup.of(early, new ModelEmaListener(0.9));
    EmaHistory after =
        new EmaEvaluator(group.get(1), Batches.of(VALIDATION, 16)).everyIterations(1);
    MultiLayerNetwork network = Nets.mlp();
    network.setListeners(group);
    network.fit(Batches.of(POINTS, 8), 1);
    assertEquals(3, before.history().size());
    assertEquals(3, after.history().size());
    assertEquals("constant(decay=0.9)", after.last().averages().get(0).schedule());
  }

  @Test
  void groupIsEvaluatedInOnePassForEachAverageAndOneForTheRawWeights() {
    int[] passes = new int[1];
    DataSetIterator counted =
        new ExistingDataSetIterator(List.of(VALIDATION)) {
          @Override
          public DataSet next() {
            passes[0]++;
            return super.next();
          }
        };
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaGroup group = ModelEmaGroup.of(0.5, 0.9, 0.99);
    network.setListeners(group);
    network.fit(Batches.of(POINTS, 8), 2);
    EmaEvaluator evaluator = new EmaEvaluator(group, counted);
    evaluator.compare(network); // reads the first batch once more
    passes[0] = 0;
    Comparison all = evaluator.compare(network);
    assertEquals(4, passes[0]);
    for (int i = 0; i < 3; i++) {
      Comparison one = new EmaEvaluator(group.get(i), Batches.of(VALIDATION, 40)).compare(network);
      assertEquals(one.averages().get(0).schedule(), all.averages().get(i).schedule());
      assertEquals(one.averages().get(0).initialShare(), all.averages().get(i).initialShare());
      assertEquals(
          one.averaged(Evaluation.class).toJson(),
          all.averages().get(i).result().orElseThrow().get(Evaluation.class).toJson());
      assertEquals(one.raw(Evaluation.class).toJson(), all.raw(Evaluation.class).toJson());
    }
  }

  @Test
  void whereOneAverageIsNeededAGroupOfSeveralIsRefusedInWords(@TempDir Path directory) {
    ModelEmaGroup group = ModelEmaGroup.of(0.5, 0.9);
    MultiLayerNetwork network = Nets.listening(Nets.mlp(), group);
    network.fit(POINTS);
    EmaEvaluator evaluator = new EmaEvaluator(group, Batches.of(POINTS, 8));
    Stream.<Executable>of(
            () -> evaluator.averaged(network),
            () -> evaluator.averagedNetwork(network),
            () -> EmaExport.save(directory.resolve("m.zip"), network, group),
            () -> EmaReport.of(group, network),
            () -> group.during(new BaseTrainingListener() {}))
        .forEach(
            action -> {
              IllegalStateException e = assertThrows(IllegalStateException.class, action);
              assertTrue(e.getMessage().contains("2 averages"), e.getMessage());
              assertTrue(e.getMessage().contains("group.get("), e.getMessage());
            });
    assertEquals(
        Bits.of(group.get(1).averagedNetwork(network).params()),
        Bits.of(evaluator.averagedNetwork(network, 1).params()));
    ModelEmaGroup ofOne = ModelEmaGroup.of(0.5);
    assertEquals(ofOne.get(0), ofOne.only());
  }

  @Test
  void groupWhoseMembersDoNotFitTogetherStartsNone() {
    ModelEmaListener some =
        new ModelEmaListener(0.9, ParameterSelection.averageAll().copyLayers("layer0"));
    ModelEmaGroup group = ModelEmaGroup.of(new ModelEmaListener(0.9), some);
    MultiLayerNetwork network = Nets.mlp();
    assertThrows(IllegalArgumentException.class, () -> group.start(network));
    assertFalse(group.isStarted());
    assertFalse(group.get(0).isStarted());
    assertFalse(group.isAverageOf(network));
  }

  @Test
  void groupTakesInSeveralStepsAtOnceAndStartsAfresh() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaGroup group = ModelEmaGroup.of(0.5, 0.9).start(network);
    ModelEmaListener alone = new ModelEmaListener(0.9).start(network);
    network.fit(POINTS);
    assertTrue(group.update(network, 3));
    alone.update(network, 3);
    assertEquals(Bits.of(alone.shadow()), Bits.of(group.get(1).shadow()));
    assertEquals(alone.average().counters(), group.get(1).average().counters());
    assertThrows(IllegalArgumentException.class, () -> group.update(network, 0));

    group.restart(network);
    for (ModelEmaListener member : group.members()) {
      assertEquals(0, member.average().stepCount());
      assertEquals(Bits.of(network.params()), Bits.of(member.shadow()));
    }
  }
}
