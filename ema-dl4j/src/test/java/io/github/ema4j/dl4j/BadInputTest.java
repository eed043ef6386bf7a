// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.NonFiniteParametersException;
import io.github.ema4j.dl4j.evaluation.EmaEvaluator;
import io.github.ema4j.testing.Bits;
import io.github.ema4j.testing.dl4j.Batches;
import io.github.ema4j.testing.dl4j.Data;
import io.github.ema4j.testing.dl4j.MultiBatches;
import io.github.ema4j.testing.dl4j.Nets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.api.NeuralNetwork;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.evaluation.IEvaluation;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.evaluation.classification.ROC;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.nd4j.linalg.dataset.api.iterator.MultiDataSetIterator;

/** Every mistake gets its own exception at once, which says what to do, and changes nothing. */
class BadInputTest {

  private static final DataSet POINTS = Data.points(1, 24);

  /** The message must hold all of these. */
  private static void assertRefused(
      Class<? extends Exception> type, Executable action, String... inMessage) {
    Exception e = assertThrows(type, action);
    assertEquals(type, e.getClass());
    for (String part : inMessage) {
      assertTrue(e.getMessage().contains(part), () -> part + " is not in: " + e.getMessage());
    }
  }

  private static void assertUnstarted(ModelEmaListener ema) {
    assertFalse(ema.isStarted());
    assertEquals(0, ema.updateCount());
    assertEquals(0, ema.skippedUpdates());
    assertEquals(1, ema.initialShare());
    assertTrue(Double.isNaN(ema.decay()));
  }

  // ---------------------------------------------------------------- settings

  @ParameterizedTest
  @ValueSource(
      doubles = {
        -0.1,
        1.0000001,
        999,
        Double.NaN,
        Double.POSITIVE_INFINITY,
        Double.NEGATIVE_INFINITY
      })
  void decayOutsideTheUnitIntervalIsRefused(double decay) {
    assertRefused(
        IllegalArgumentException.class,
        () -> new ModelEmaListener(decay),
        "decay must be in [0, 1], but was " + decay);
    assertRefused(
        IllegalArgumentException.class,
        () -> AveragingConfig.builder().decay(decay),
        "decay must be in [0, 1], but was " + decay);
  }

  @Test
  void settingsAreCheckedAtOnce() {
    assertRefused(
        IllegalArgumentException.class,
        () -> AveragingConfig.builder().updateEvery(0),
        "updateEvery must be at least 1 step, but was 0");
    assertRefused(
        IllegalArgumentException.class,
        () -> AveragingConfig.builder().startAfter(-1),
        "startAfter must be at least 0, but was -1");
    assertRefused(
        IllegalArgumentException.class,
        () -> AveragingConfig.builder().shadowType(DataType.FLOAT16),
        "FLOAT or DOUBLE",
        "but was");
    assertRefused(
        IllegalStateException.class,
        () -> new ModelEmaListener(AveragingConfig.builder().build()),
        "call decay(0.999) or schedule(...)");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -3})
  void evaluationIntervalBelowOneIsRefused(int interval) {
    EmaEvaluator evaluator = new EmaEvaluator(new ModelEmaListener(0.9), Batches.of(POINTS, 8));
    assertRefused(
        IllegalArgumentException.class,
        () -> evaluator.everyEpochs(interval),
        "at least 1, but was " + interval);
    assertRefused(
        IllegalArgumentException.class,
        () -> evaluator.everyIterations(interval),
        "at least 1, but was " + interval);
  }

  @Test
  void nullIsRefusedByName() {
    ModelEmaListener ema = new ModelEmaListener(0.9);
    DataSetIterator data = Batches.of(POINTS, 8);
    assertRefused(
        NullPointerException.class, () -> new ModelEmaListener((AveragingConfig) null), "config");
    assertRefused(
        NullPointerException.class, () -> AveragingConfig.builder().schedule(null), "schedule");
    assertRefused(
        NullPointerException.class, () -> AveragingConfig.builder().onNonFinite(null), "policy");
    assertRefused(NullPointerException.class, () -> ema.during(null), "listener");
    assertRefused(NullPointerException.class, () -> new EmaEvaluator(null, data), "ema");
    assertRefused(
        NullPointerException.class,
        () -> new EmaEvaluator(ema, (DataSetIterator) null),
        "iterator");
    assertRefused(
        NullPointerException.class,
        () -> new EmaEvaluator(ema, (MultiDataSetIterator) null),
        "iterator");
    assertRefused(IllegalArgumentException.class, () -> ema.start(null), "but was null");
    assertRefused(IllegalStateException.class, () -> ema.update(null), "start(network)");
    assertUnstarted(ema);
    ema.start(Nets.mlp());
    assertRefused(IllegalStateException.class, () -> ema.update(null), "this one is a null");
    assertRefused(IllegalStateException.class, () -> ema.swap(null), "this one is a null");
    assertRefused(IllegalArgumentException.class, () -> ema.start(null), "but was null");
  }

  @Test
  void evaluatorNeedsSomethingToEvaluate() {
    ModelEmaListener ema = new ModelEmaListener(0.9);
    assertRefused(
        IllegalArgumentException.class,
        () -> new EmaEvaluator(ema, MultiBatches.of(POINTS, 8), Map.of()),
        "pass an IEvaluation");
    assertRefused(
        IllegalArgumentException.class,
        () -> new EmaEvaluator(ema, MultiBatches.of(POINTS, 8), Map.of(0, List.of())),
        "pass an IEvaluation");
  }

  // ---------------------------------------------------------------- models

  static List<Model> uninitialised() {
    return List.of(
        Nets.notInitialised(b -> b), new ComputationGraph(Nets.graphConfiguration(b -> b)));
  }

  @ParameterizedTest
  @MethodSource("uninitialised")
  void networkMustBeInitialised(Model network) {
    ModelEmaListener ema = new ModelEmaListener(0.9);
    assertRefused(
        IllegalStateException.class,
        () -> ema.start(network),
        network.getClass().getSimpleName(),
        "call init() on it first");
    assertRefused(
        IllegalStateException.class, () -> ema.restart(network), "call init() on it first");
    assertUnstarted(ema);
  }

  @Test
  void layerIsNoNetwork() {
    ModelEmaListener ema = new ModelEmaListener(0.9);
    assertRefused(
        IllegalArgumentException.class,
        () -> ema.start(Nets.mlp().getLayer(0)),
        "Expected a MultiLayerNetwork or ComputationGraph",
        "DenseLayer");
    assertUnstarted(ema);
  }

  @Test
  void anythingButTheOneNetworkIsRefused() {
    MultiLayerNetwork network = Nets.mlp();
    MultiLayerNetwork sameSize = Nets.mlp();
    MultiLayerNetwork otherSize = Nets.cnn();
    ComputationGraph graph = Nets.graph();
    ModelEmaListener ema = new ModelEmaListener(0.9);
    network.setListeners(ema);
    network.fit(POINTS);
    TrainingState before = TrainingState.of(network);
    Bits averaged = Bits.of(ema.shadow());
    EmaEvaluator evaluator = new EmaEvaluator(ema, Batches.of(POINTS, 8));

    for (MultiLayerNetwork other : List.of(sameSize, otherSize)) {
      for (Executable action :
          List.<Executable>of(
              () -> ema.start(other),
              () -> ema.update(other),
              () -> ema.restart(other),
              () -> ema.swap(other),
              () -> ema.averagedNetwork(other),
              () -> ema.averagedView(other),
              () -> evaluator.averaged(other),
              () -> evaluator.onLiveView().averaged(other),
              () -> evaluator.raw(other),
              () -> evaluator.compare(other))) {
        assertRefused(
            IllegalStateException.class,
            action,
            "averages another network (MultiLayerNetwork, 67 parameters; this one is a"
                + " MultiLayerNetwork). Create a new listener per network");
      }
    }
    assertRefused(
        IllegalStateException.class,
        () -> ema.averagedNetwork(graph),
        "this one is a ComputationGraph");
    assertRefused(
        IllegalStateException.class,
        () -> ema.averagedView(graph),
        "this one is a ComputationGraph");
    assertEquals(before, TrainingState.of(network));
    assertEquals(averaged, Bits.of(ema.shadow()));
    assertEquals(1, ema.updateCount());
    assertEquals(Bits.of(Nets.mlp().params()), Bits.of(sameSize.params()));
  }

  @Test
  void startingTheSameNetworkAgainKeepsTheAverage() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(0.9);
    network.setListeners(ema);
    network.fit(POINTS);
    Bits averaged = Bits.of(ema.shadow());
    ema.start(network);
    assertEquals(averaged, Bits.of(ema.shadow()));
    assertEquals(1, ema.updateCount());
  }

  @Test
  void updateNeedsAStart() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(0.9);
    assertRefused(
        IllegalStateException.class,
        () -> ema.update(network),
        "has no network yet",
        "call start(network) before");
    assertUnstarted(ema);
  }

  @Test
  void nothingCanBeReadBeforeTraining() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(0.9);
    network.setListeners(ema);
    for (Executable action :
        List.<Executable>of(
            ema::shadow,
            ema::average,
            () -> ema.swap(network),
            () -> ema.averagedNetwork(network),
            () -> ema.averagedView(network))) {
      assertRefused(
          IllegalStateException.class,
          action,
          "has seen no training",
          "call net.addListeners(ema)");
    }
    assertUnstarted(ema);
  }

  @Test
  void weightsToStartFromMustBeFinite() {
    MultiLayerNetwork network = Nets.mlp();
    network.params().putScalar(5, Double.NaN);
    ModelEmaListener ema = new ModelEmaListener(0.9);
    assertRefused(NonFiniteParametersException.class, () -> ema.start(network), "NaN or infinite");
    assertUnstarted(ema);
  }

  // ---------------------------------------------------------------- registration

  static List<Model> networks() {
    return List.of(Nets.mlp(), Nets.graph());
  }

  @ParameterizedTest
  @MethodSource("networks")
  void secondRegistrationIsRefusedBeforeAnythingIsTrained(Model network) {
    ModelEmaListener ema = new ModelEmaListener(0.9);
    network.setListeners(ema, ema);
    TrainingState before = TrainingState.of(network).unscored();

    assertRefused(
        IllegalStateException.class,
        () -> ((NeuralNetwork) network).fit(Batches.of(POINTS, 8)),
        "registered 2 times",
        "register it once");
    assertRefused(
        IllegalStateException.class,
        () -> ((NeuralNetwork) network).fit(POINTS),
        "registered 2 times");

    assertEquals(before, TrainingState.of(network).unscored());
    assertEquals(0, ema.updateCount());
    network.setListeners(ema);
    ((NeuralNetwork) network).fit(Batches.of(POINTS, 8));
    assertEquals(3, ema.updateCount());
  }

  // ---------------------------------------------------------------- evaluation

  @Test
  void evaluationBeforeAnyTrainingIsRefused() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(0.9);
    EmaEvaluator evaluator = new EmaEvaluator(ema, Batches.of(POINTS, 8));
    for (Executable action :
        List.<Executable>of(
            () -> evaluator.averaged(network),
            () -> evaluator.onLiveView().averaged(network),
            () -> evaluator.raw(network),
            () -> evaluator.compare(network))) {
      assertRefused(IllegalStateException.class, action, "has seen no training");
    }
  }

  @Test
  void evaluationBeforeTheFirstUpdateIsRefused() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(0.9).start(network);
    Batches validation = Batches.of(POINTS, 8);
    EmaEvaluator evaluator = new EmaEvaluator(ema, validation);
    for (EmaEvaluator e : List.of(evaluator, evaluator.onLiveView())) {
      assertRefused(
          IllegalStateException.class,
          () -> e.averaged(network),
          "has not been updated yet",
          "train first");
    }
    assertEquals(0, validation.resets());
    assertTrue(!evaluator.compare(network).hasAverage());
    assertThrows(IllegalStateException.class, () -> evaluator.everyEpochs(3).last());
  }

  @Test
  void lastComparisonIsMissingBeforeTheFirst() {
    ModelEmaListener ema = new ModelEmaListener(0.9).start(Nets.mlp());
    EmaEvaluator evaluator = new EmaEvaluator(ema, Batches.of(POINTS, 8));
    assertRefused(
        IllegalStateException.class, () -> evaluator.everyEpochs(3).last(), "after 3 epochs");
    assertRefused(
        IllegalStateException.class,
        () -> evaluator.everyIterations(50).last(),
        "after 50 iterations");
  }

  /** Evaluations of a trained network that must fail and leave everything as it was. */
  private static void assertNothingChanges(Model network, ModelEmaListener ema, Runnable refused) {
    network.setListeners(ema);
    ((NeuralNetwork) network).fit(Batches.of(POINTS, 8));
    TrainingState before = TrainingState.of(network);
    Bits averaged = Bits.of(ema.shadow());

    refused.run();

    assertFalse(ema.average().isSwapped());
    assertEquals(before, TrainingState.of(network));
    assertEquals(averaged, Bits.of(ema.shadow()));
  }

  @ParameterizedTest
  @MethodSource("networks")
  void emptyDataIsRefused(Model network) {
    ModelEmaListener ema = new ModelEmaListener(0.9);
    List<EmaEvaluator> evaluators =
        List.of(
            new EmaEvaluator(ema, Batches.of(List.of())), new EmaEvaluator(ema, MultiBatches.of()));
    assertNothingChanges(
        network,
        ema,
        () -> {
          for (EmaEvaluator evaluator : evaluators) {
            for (Executable action :
                List.<Executable>of(
                    () -> evaluator.averaged(network),
                    () -> evaluator.onLiveView().averaged(network),
                    () -> evaluator.raw(network),
                    () -> evaluator.compare(network))) {
              assertRefused(
                  IllegalStateException.class, action, "empty: there is nothing to evaluate on");
            }
          }
        });
  }

  @ParameterizedTest
  @MethodSource("networks")
  void exhaustedIteratorThatCannotBeResetIsRefused(Model network) {
    ModelEmaListener ema = new ModelEmaListener(0.9);
    Batches exhausted = Batches.of(POINTS, 24).once();
    exhausted.next();
    MultiBatches exhaustedMulti = MultiBatches.once(POINTS.toMultiDataSet());
    exhaustedMulti.next();
    assertNothingChanges(
        network,
        ema,
        () -> {
          for (EmaEvaluator evaluator :
              List.of(new EmaEvaluator(ema, exhausted), new EmaEvaluator(ema, exhaustedMulti))) {
            for (Executable action :
                List.<Executable>of(
                    () -> evaluator.averaged(network),
                    () -> evaluator.onLiveView().averaged(network),
                    () -> evaluator.raw(network))) {
              assertRefused(
                  IllegalStateException.class,
                  action,
                  "exhausted and does not support reset(): pass a new one");
            }
          }
        });
  }

  @ParameterizedTest
  @MethodSource("networks")
  void comparisonNeedsDataForTwoPasses(Model network) {
    ModelEmaListener ema = new ModelEmaListener(0.9);
    Batches once = Batches.of(POINTS, 8).once();
    assertNothingChanges(
        network,
        ema,
        () -> {
          assertRefused(
              IllegalStateException.class,
              () -> new EmaEvaluator(ema, once).compare(network),
              "two passes",
              "does not support reset()",
              "ListDataSetIterator");
          assertEquals(0, once.position());
        });
  }

  @Test
  void outputIndexOutOfRangeIsRefused() {
    ComputationGraph graph = Nets.twoOutputs();
    ModelEmaListener ema = new ModelEmaListener(0.9).start(graph);
    for (int output : new int[] {-1, 2}) {
      EmaEvaluator evaluator =
          new EmaEvaluator(
              ema,
              MultiBatches.of(Data.pointsWithSum(1, 8)),
              Map.of(output, List.<IEvaluation<?>>of(new Evaluation())));
      assertRefused(
          IllegalArgumentException.class,
          () -> evaluator.raw(graph),
          "output " + output,
          "outputs 0 to 1");
    }
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener networkEma = new ModelEmaListener(0.9).start(network);
    EmaEvaluator evaluator =
        new EmaEvaluator(
            networkEma,
            MultiBatches.of(POINTS, 8),
            Map.of(0, List.of(new Evaluation()), 1, List.of(new Evaluation())));
    assertRefused(
        IllegalArgumentException.class,
        () -> evaluator.raw(network),
        "output 0 only",
        Arrays.asList(0, 1).toString());
  }

  @Test
  void evaluationThatWasNotAskedForIsRefused() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(0.9).start(network);
    assertRefused(
        IllegalArgumentException.class,
        () -> new EmaEvaluator(ema, Batches.of(POINTS, 8)).raw(network).get(ROC.class),
        "No ROC was evaluated, only: [Evaluation at output 0]. Name it where the evaluator is made:"
            + " new EmaEvaluator(ema, data, new ROC(), ...)");
  }

  @Test
  void dataOfAnotherShapeFailsAndChangesNothing() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(0.9);
    EmaEvaluator evaluator = new EmaEvaluator(ema, Batches.of(Data.images(1, 8), 4));
    assertNothingChanges(
        network,
        ema,
        () -> {
          assertThrows(RuntimeException.class, () -> evaluator.averaged(network));
          assertThrows(RuntimeException.class, () -> evaluator.raw(network));
        });
  }
}
