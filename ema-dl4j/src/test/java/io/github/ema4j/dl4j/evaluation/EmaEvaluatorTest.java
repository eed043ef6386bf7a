// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.dl4j.FailingEvaluation;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.testing.Bits;
import io.github.ema4j.testing.dl4j.Batches;
import io.github.ema4j.testing.dl4j.Data;
import io.github.ema4j.testing.dl4j.MultiBatches;
import io.github.ema4j.testing.dl4j.Nets;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.nd4j.evaluation.IEvaluation;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.evaluation.classification.EvaluationBinary;
import org.nd4j.evaluation.classification.EvaluationCalibration;
import org.nd4j.evaluation.classification.ROC;
import org.nd4j.evaluation.classification.ROCBinary;
import org.nd4j.evaluation.classification.ROCMultiClass;
import org.nd4j.evaluation.regression.RegressionEvaluation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;

class EmaEvaluatorTest {

  private static final DataSet POINTS = Data.points(1, 24);
  private static final DataSet VALIDATION = Data.points(2, 40);

  private static List<String> json(EvaluationResult result) {
    return result.all().stream().map(IEvaluation::toJson).toList();
  }

  private static List<String> json(IEvaluation<?>... evaluations) {
    return List.of(evaluations).stream().map(IEvaluation::toJson).toList();
  }

  // ---------------------------------------------------------------- what is evaluated

  /** One of every kind that Deeplearning4j has, with settings that are not the default. */
  private static IEvaluation<?>[] everyKind() {
    return new IEvaluation<?>[] {
      new Evaluation(List.of("left", "right"), 2),
      new EvaluationBinary(Nd4j.createFromArray(0.3f, 0.6f)),
      new RegressionEvaluation("a", "b"),
      new ROC(20),
      new ROCBinary(0),
      new ROCMultiClass(15),
      new EvaluationCalibration(5, 8)
    };
  }

  @Test
  void everyKindOfEvaluationGivesWhatDeeplearning4jGives() {
    MultiLayerNetwork network = Nets.cnn();
    ModelEmaListener ema = new ModelEmaListener(0.9);
    network.setListeners(ema);
    network.fit(Batches.of(Data.images(3, 32), 8), 2);
    DataSet validation = Data.images(4, 24);
    EmaEvaluator evaluator = new EmaEvaluator(ema, Batches.of(validation, 8), everyKind());

    EvaluationResult raw = evaluator.raw(network);
    EvaluationResult averaged = evaluator.averaged(network);
    EvaluationResult onView = evaluator.onLiveView().averaged(network);

    IEvaluation<?>[] expected = everyKind();
    ema.averagedNetwork(network).doEvaluation(Batches.of(validation, 8), expected);
    IEvaluation<?>[] expectedRaw = everyKind();
    network.doEvaluation(Batches.of(validation, 8), expectedRaw);
    assertEquals(json(expected), json(averaged));
    assertEquals(json(expected), json(onView));
    assertEquals(json(expectedRaw), json(raw));
    assertNotEquals(json(raw), json(averaged));
  }

  @Test
  void plainEvaluationIsTheDefault() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(0.9);
    network.setListeners(ema);
    network.fit(POINTS);
    EvaluationResult result = new EmaEvaluator(ema, Batches.of(VALIDATION, 16)).averaged(network);
    assertEquals(1, result.all().size());
    Evaluation expected = new Evaluation();
    ema.averagedNetwork(network).doEvaluation(Batches.of(VALIDATION, 16), expected);
    assertEquals(expected.toJson(), result.get(Evaluation.class).toJson());
    assertSame(result.get(Evaluation.class), result.get(0, Evaluation.class));
  }

  @Test
  void evaluationsGivenAreOnlyPrototypes() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(0.9);
    network.setListeners(ema);
    network.fit(POINTS);
    Evaluation prototype = new Evaluation();
    EmaEvaluator evaluator = new EmaEvaluator(ema, Batches.of(VALIDATION, 16), prototype);

    Evaluation first = evaluator.averaged(network).get(Evaluation.class);
    Evaluation second = evaluator.averaged(network).get(Evaluation.class);

    assertEquals(0, prototype.getNumRowCounter());
    assertEquals(40, first.getNumRowCounter());
    assertEquals(40, second.getNumRowCounter());
    assertEquals(first.toJson(), second.toJson());
  }

  @Test
  void multiDataSetsGiveTheSameAsDataSets() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(0.9);
    network.setListeners(ema);
    network.fit(POINTS);
    MultiBatches multi = MultiBatches.of(VALIDATION, 16);

    assertEquals(
        json(new EmaEvaluator(ema, Batches.of(VALIDATION, 16)).averaged(network)),
        json(new EmaEvaluator(ema, multi).averaged(network)));
    assertEquals(2, multi.resets());
  }

  @Test
  void graphIsEvaluatedOnBothKindsOfIterator() {
    ComputationGraph graph = Nets.graph();
    ModelEmaListener ema = new ModelEmaListener(0.9);
    graph.setListeners(ema);
    graph.fit(Batches.of(POINTS, 8));
    IEvaluation<?>[] expected = {new Evaluation(), new ROCMultiClass(0)};
    ema.averagedNetwork(graph).doEvaluation(Batches.of(VALIDATION, 16), expected);

    EvaluationResult ofDataSets =
        new EmaEvaluator(ema, Batches.of(VALIDATION, 16), new Evaluation(), new ROCMultiClass(0))
            .averaged(graph);
    EvaluationResult ofMultiDataSets =
        new EmaEvaluator(
                ema, MultiBatches.of(VALIDATION, 16), new Evaluation(), new ROCMultiClass(0))
            .averaged(graph);

    assertEquals(json(expected), json(ofDataSets));
    assertEquals(json(expected), json(ofMultiDataSets));
  }

  @Test
  void everyOutputOfGraphHasItsOwnEvaluations() {
    ComputationGraph graph = Nets.twoOutputs();
    ModelEmaListener ema = new ModelEmaListener(0.9);
    graph.setListeners(ema);
    MultiDataSet training = Data.pointsWithSum(5, 24);
    for (int i = 0; i < 5; i++) {
      graph.fit(training);
    }
    MultiDataSet validation = Data.pointsWithSum(6, 30);

    EvaluationResult result =
        new EmaEvaluator(
                ema,
                MultiBatches.of(validation),
                Map.of(
                    0,
                    List.of(new Evaluation(), new RegressionEvaluation()),
                    1,
                    List.of(new RegressionEvaluation())))
            .averaged(graph);

    IEvaluation<?>[] classes = {new Evaluation(), new RegressionEvaluation()};
    IEvaluation<?>[] sum = {new RegressionEvaluation()};
    ema.averagedNetwork(graph).evaluate(MultiBatches.of(validation), Map.of(0, classes, 1, sum));
    assertEquals(3, result.all().size());
    assertEquals(classes[0].toJson(), result.get(Evaluation.class).toJson());
    assertEquals(classes[1].toJson(), result.get(0, RegressionEvaluation.class).toJson());
    assertEquals(sum[0].toJson(), result.get(1, RegressionEvaluation.class).toJson());
    assertSame(result.get(RegressionEvaluation.class), result.get(0, RegressionEvaluation.class));
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> result.get(1, Evaluation.class));
    assertEquals(
        "No Evaluation was evaluated at output 1, only: [Evaluation at output 0,"
            + " RegressionEvaluation at output 0, RegressionEvaluation at output 1]",
        e.getMessage());
    assertThrows(IllegalArgumentException.class, () -> result.get(ROC.class));
  }

  @Test
  void recurrentNetworkIsEvaluatedWithMasks() {
    MultiLayerNetwork network = Nets.lstm(BackpropType.TruncatedBPTT);
    ModelEmaListener ema = new ModelEmaListener(0.9);
    network.setListeners(ema);
    network.fit(Batches.of(Data.sequences(7, 16, true), 8), 2);
    Batches validation = Batches.of(Data.sequences(8, 12, true), 4);
    Evaluation expected = new Evaluation();
    ema.averagedNetwork(network).doEvaluation(validation, expected);

    Evaluation actual = new EmaEvaluator(ema, validation).averaged(network).get(Evaluation.class);

    assertTrue(expected.getNumRowCounter() < 12 * 7);
    assertEquals(expected.toJson(), actual.toJson());
  }

  // ---------------------------------------------------------------- the iterator

  @Test
  void iteratorIsResetBeforeAndAfterEachPass() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(0.9);
    network.setListeners(ema);
    network.fit(POINTS);
    Batches validation = Batches.of(VALIDATION, 16);
    validation.next();
    EmaEvaluator evaluator = new EmaEvaluator(ema, validation);

    assertEquals(40, evaluator.averaged(network).get(Evaluation.class).getNumRowCounter());
    assertEquals(2, validation.resets());
    assertEquals(0, validation.position());

    Comparison comparison = evaluator.compare(network);
    assertEquals(40, comparison.raw(Evaluation.class).getNumRowCounter());
    assertEquals(40, comparison.averaged(Evaluation.class).getNumRowCounter());
    assertEquals(6, validation.resets());
  }

  @Test
  void iteratorThatCannotBeResetServesOnePass() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(0.9);
    network.setListeners(ema);
    network.fit(POINTS);
    EmaEvaluator evaluator = new EmaEvaluator(ema, Batches.of(VALIDATION, 16).once());
    assertEquals(40, evaluator.averaged(network).get(Evaluation.class).getNumRowCounter());
  }

  @Test
  void evaluationAfterFailedOneSeesAllData() {
    MultiLayerNetwork network = Nets.mlp();
    ComputationGraph graph = Nets.graph();
    ModelEmaListener ema = new ModelEmaListener(0.9);
    ModelEmaListener graphEma = new ModelEmaListener(0.9);
    network.setListeners(ema);
    graph.setListeners(graphEma);
    network.fit(POINTS);
    graph.fit(POINTS);
    for (int i = 0; i < 20; i++) {
      Batches validation = Batches.of(VALIDATION, 2).async();
      EmaEvaluator failing = new EmaEvaluator(ema, validation, new FailingEvaluation());
      EmaEvaluator failingGraph = new EmaEvaluator(graphEma, validation, new FailingEvaluation());
      assertThrows(ArithmeticException.class, () -> failing.averaged(network));
      assertEquals(0, validation.position());
      assertEquals(
          40,
          new EmaEvaluator(ema, validation)
              .averaged(network)
              .get(Evaluation.class)
              .getNumRowCounter());
      assertThrows(ArithmeticException.class, () -> failingGraph.averaged(graph));
      assertEquals(
          40,
          new EmaEvaluator(graphEma, validation)
              .averaged(graph)
              .get(Evaluation.class)
              .getNumRowCounter());
    }
  }

  @Test
  @Timeout(60)
  void failureOfAsynchronousIteratorIsPassedOn() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(0.9);
    network.setListeners(ema);
    network.fit(POINTS);
    for (int batch = 0; batch < 3; batch++) {
      Batches validation = Batches.of(VALIDATION, 16).async().failAt(batch);
      EmaEvaluator evaluator = new EmaEvaluator(ema, validation);
      IllegalArgumentException e =
          assertThrows(IllegalArgumentException.class, () -> evaluator.averaged(network));
      assertEquals("This batch cannot be read", e.getMessage());
      assertEquals(0, validation.position());
    }
  }

  // ---------------------------------------------------------------- comparing while training

  @Test
  void comparisonTellsTheMomentAndBothResults() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(0.9);
    network.setListeners(ema);
    network.fit(Batches.of(POINTS, 8), 2);
    EmaEvaluator evaluator = new EmaEvaluator(ema, Batches.of(VALIDATION, 16));

    Comparison comparison = evaluator.compare(network);

    assertEquals(6, comparison.iteration());
    assertEquals(2, comparison.epoch());
    assertEquals(6, comparison.averages().get(0).updateCount());
    assertEquals(0.9, comparison.averages().get(0).decay());
    assertEquals(Math.pow(0.9, 6), comparison.averages().get(0).initialShare(), 1e-12);
    assertEquals(json(evaluator.raw(network)), json(comparison.raw()));
    assertEquals(json(evaluator.averaged(network)), json(comparison.averaged()));
  }

  @Test
  void evaluatorFollowsTrainingWithoutBeingMadeAnew() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(0.9);
    network.setListeners(ema);
    network.fit(POINTS);
    EmaEvaluator evaluator =
        new EmaEvaluator(ema, Batches.of(VALIDATION, 16), new RegressionEvaluation());
    EmaEvaluator onView = evaluator.onLiveView();
    List<String> before = json(evaluator.averaged(network));
    for (int i = 0; i < 10; i++) {
      network.fit(POINTS);
    }
    RegressionEvaluation expected = new RegressionEvaluation();
    ema.averagedNetwork(network).doEvaluation(Batches.of(VALIDATION, 16), expected);

    assertNotEquals(before, json(evaluator.averaged(network)));
    assertEquals(json(expected), json(evaluator.averaged(network)));
    assertEquals(json(expected), json(onView.averaged(network)));
    INDArray raw = network.params().dup();
    assertFalse(ema.average().isSwapped());
    assertEquals(Bits.of(raw), Bits.of(network.params()));
  }
}
