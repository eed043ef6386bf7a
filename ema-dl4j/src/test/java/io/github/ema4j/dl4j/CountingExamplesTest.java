// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.AveragingUnit;
import io.github.ema4j.core.schedule.DecaySchedule;
import io.github.ema4j.dl4j.diagnostics.EmaReport;
import io.github.ema4j.testing.Bits;
import io.github.ema4j.testing.EmaOracle;
import io.github.ema4j.testing.dl4j.Batches;
import io.github.ema4j.testing.dl4j.Data;
import io.github.ema4j.testing.dl4j.Models;
import io.github.ema4j.testing.dl4j.Nets;
import java.util.List;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.api.NeuralNetwork;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.adapter.MultiDataSetIteratorAdapter;

/** An average that counts the examples of each minibatch, and one that begins with an epoch. */
class CountingExamplesTest {

  private static final double DECAY = 0.99;
  private static final DataSet POINTS = Data.points(1, 21); // in batches of 8, 8 and 5

  private static AveragingConfig.Builder examples(double decay) {
    return AveragingConfig.builder().decay(decay).unit(AveragingUnit.EXAMPLES);
  }

  static List<Model> networks() {
    return List.of(Nets.mlp(), Nets.mlpGraph("hidden"));
  }

  /** What the average should be, after minibatches of these sizes in turn. */
  private static final class ByHand extends BaseTrainingListener {

    private final ModelEmaListener ema;
    private final EmaOracle oracle;

    ByHand(ModelEmaListener ema, Model network, int... sizes) {
      this.ema = ema;
      oracle =
          new EmaOracle(
              step -> Math.pow(DECAY, sizes[(int) ((step - 1) % sizes.length)]),
              EmaOracle.floats(network.params()),
              new int[0]);
    }

    @Override
    public void iterationDone(Model network, int iteration, int epoch) {
      oracle.update(network.params());
      assertEquals(oracle.bits(), Bits.of(ema.shadow()));
    }
  }

  @ParameterizedTest
  @MethodSource("networks")
  void aSmallerLastBatchHasTheDecaysOfItsExamples(Model network) {
    ModelEmaListener ema = new ModelEmaListener(examples(DECAY).build());
    network.setListeners(ema, new ByHand(ema, network, 8, 8, 5));
    ((NeuralNetwork) network).fit(Batches.of(POINTS, 8));
    ((NeuralNetwork) network).fit(Batches.of(POINTS, 8));
    assertEquals(42, ema.stepCount());
    assertEquals(6, ema.updateCount());
    assertEquals(Math.pow(DECAY, 42), ema.initialShare(), 1e-12);
  }

  @Test
  void otherWaysToFitTellTheirExamplesToo() {
    MultiLayerNetwork layers = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(examples(DECAY).build());
    layers.setListeners(ema);
    layers.fit(POINTS);
    layers.fit(POINTS.getFeatures(), POINTS.getLabels());
    layers.fit(POINTS.toMultiDataSet());
    assertEquals(63, ema.stepCount());

    ComputationGraph graph = Nets.twoOutputs();
    ModelEmaListener ofGraph = new ModelEmaListener(examples(DECAY).build());
    graph.setListeners(ofGraph);
    graph.fit(Data.pointsWithSum(1, 7));
    assertEquals(7, ofGraph.stepCount());
    graph = Nets.mlpGraph("hidden");
    ModelEmaListener another = new ModelEmaListener(examples(DECAY).build());
    graph.setListeners(another);
    graph.fit(new MultiDataSetIteratorAdapter(Batches.of(POINTS, 8)));
    assertEquals(21, another.stepCount());
  }

  /** Of a listener that comes first, and makes the network forget the data it has trained on. */
  @ParameterizedTest
  @MethodSource("networks")
  void scoringOtherDataBetweenDoesNotChangeTheCount(Model network) {
    ModelEmaListener ema = new ModelEmaListener(examples(DECAY).build());
    network.setListeners(
        new BaseTrainingListener() {
          @Override
          public void iterationDone(Model model, int iteration, int epoch) {
            DataSet others = Data.points(5, 3);
            if (model instanceof MultiLayerNetwork layers) {
              layers.score(others);
            } else {
              ((ComputationGraph) model).score(others);
            }
          }
        },
        ema);
    ((NeuralNetwork) network).fit(Batches.of(POINTS, 8));
    assertEquals(21, ema.stepCount());
  }

  /** A half-life of two epochs of 5,000 examples. */
  @ParameterizedTest
  @ValueSource(ints = {16, 64})
  void anEpochForgetsTheSameWhateverTheBatches(int batch) {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema =
        new ModelEmaListener(
            AveragingConfig.builder()
                .schedule(DecaySchedule.halfLifeEpochs(2, 5_000))
                .unit(AveragingUnit.EXAMPLES)
                .build());
    network.setListeners(ema);
    network.fit(Batches.of(Data.points(1, 5_000), batch));
    assertEquals(0.7071067811865, ema.initialShare(), 1e-12);
  }

  @Test
  void allMembersOfAGroupCountAlike() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaGroup group =
        ModelEmaGroup.of(examples(DECAY).build(), examples(0.9).startAfter(8).build());
    network.setListeners(group, new ByHand(group.get(0), network, 8, 8, 5));
    network.fit(Batches.of(POINTS, 8));
    assertEquals(Math.pow(0.9, 13), group.get(1).initialShare(), 1e-12);

    AveragingConfig steps = AveragingConfig.of(0.9);
    AveragingConfig examples = examples(0.9).build();
    Exception e =
        assertThrows(IllegalArgumentException.class, () -> ModelEmaGroup.of(steps, examples));
    assertTrue(e.getMessage().contains("[steps, examples]"), e.getMessage());
  }

  @Test
  void aLoopOfOnesOwnSaysHowManyTheyWere() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(examples(DECAY).build()).start(network);
    assertTrue(ema.update(network, 24));
    assertEquals(Math.pow(DECAY, 24), ema.initialShare(), 1e-12);
    Exception e = assertThrows(IllegalStateException.class, () -> ema.update(network));
    assertTrue(e.getMessage().contains("update(network, examples)"), e.getMessage());
    ema.averagedNetwork(network); // 24 examples were no 24 steps
    Models.setIterations(network, 2);
    assertThrows(IllegalStateException.class, () -> ema.averagedNetwork(network));
  }

  @Test
  void segmentsOfSequencesAreNotCounted() {
    for (Model network :
        List.of(
            Nets.lstm(BackpropType.TruncatedBPTT), Nets.lstmGraph(BackpropType.TruncatedBPTT))) {
      ModelEmaListener ema = new ModelEmaListener(examples(DECAY).build());
      Exception e = assertThrows(IllegalArgumentException.class, () -> ema.start(network));
      assertTrue(e.getMessage().contains("several steps"), e.getMessage());
      assertFalse(ema.isStarted());
    }
  }

  @Test
  void theReportIsInExamples() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(examples(DECAY).build());
    network.setListeners(ema);
    network.fit(Batches.of(POINTS, 8));
    EmaReport report = EmaReport.of(ema, network);
    assertEquals(AveragingUnit.EXAMPLES, report.unit());
    List<String> lines = report.toString().lines().toList();
    assertEquals("examples             21", lines.get(0));
    assertEquals("updates              3 (0 skipped)", lines.get(1));
    assertEquals("decay                0.99 per example", lines.get(2));
    assertEquals("window               100 examples, longer than the run", lines.get(4));
    assertTrue(report.advice().get(0).contains("after 21 examples"), report.advice().get(0));
  }

  // ---------------------------------------------------------------- epochs

  @ParameterizedTest
  @MethodSource("networks")
  void untilItsEpochAnAverageIsACopy(Model network) {
    ModelEmaListener ema =
        new ModelEmaListener(AveragingConfig.builder().decay(0.5).startAfterEpochs(2).build());
    network.setListeners(
        ema,
        new BaseTrainingListener() {
          @Override
          public void iterationDone(Model model, int iteration, int epoch) {
            assertEquals(epoch < 2, ema.updateCount() == 0);
            if (epoch < 2) {
              assertEquals(Bits.of(model.params()), Bits.of(ema.shadow()));
            } else {
              assertNotEquals(Bits.of(model.params()), Bits.of(ema.shadow()));
            }
          }
        });
    NeuralNetwork trained = (NeuralNetwork) network;
    trained.fit(Batches.of(POINTS, 8));
    assertTrue(
        EmaReport.of(ema, network).advice().get(0).contains("has completed 2 epochs"),
        EmaReport.of(ema, network).advice().get(0));
    trained.fit(Batches.of(POINTS, 8));
    assertEquals(0, ema.updateCount());
    trained.fit(Batches.of(POINTS, 8));
    assertEquals(3, ema.updateCount());
    assertEquals(0.125, ema.initialShare());
    assertEquals(6, ema.average().counters().awaitedSteps());
  }

  /** Epochs that a network has completed before count as well: it counts them on. */
  @Test
  void aNetworkThatIsTrainedOnMayBePastItsEpoch() {
    MultiLayerNetwork network = Nets.mlp();
    network.fit(Batches.of(POINTS, 8), 2);
    ModelEmaListener ema =
        new ModelEmaListener(AveragingConfig.builder().decay(0.5).startAfterEpochs(2).build());
    network.setListeners(ema);
    network.fit(Batches.of(POINTS, 8));
    assertEquals(3, ema.updateCount());
  }
}
