// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import io.github.ema4j.dl4j.evaluation.Comparison;
import io.github.ema4j.dl4j.evaluation.EmaEvaluator;
import io.github.ema4j.dl4j.evaluation.EmaHistory;
import io.github.ema4j.dl4j.evaluation.EvaluationResult;
import io.github.ema4j.dl4j.evaluation.Scores;
import io.github.ema4j.dl4j.export.BestModels;
import io.github.ema4j.testing.Bits;
import io.github.ema4j.testing.LogCapture;
import io.github.ema4j.testing.dl4j.Batches;
import io.github.ema4j.testing.dl4j.Data;
import io.github.ema4j.testing.dl4j.Nets;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.api.NeuralNetwork;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.evaluation.IEvaluation;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.evaluation.classification.EvaluationBinary;
import org.nd4j.evaluation.classification.ROCMultiClass;
import org.nd4j.evaluation.custom.CustomEvaluation;
import org.nd4j.evaluation.regression.RegressionEvaluation;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.schedule.MapSchedule;
import org.nd4j.linalg.schedule.ScheduleType;

/**
 * Raw weights that have diverged are told of; the averaged ones are evaluated; training goes on.
 */
class DivergedEvaluationTest {
  private static final int STEPS = 8;
  private static final int GOOD_STEPS = 5;
  private static final DataSet POINTS = Data.points(1, 24);
  private static final DataSet VALIDATION = Data.points(2, 40);
  private static final ToDoubleFunction<EvaluationResult> ACCURACY =
      result -> result.get(Evaluation.class).accuracy();
  private static final ToDoubleFunction<EvaluationResult> ERROR =
      result -> 1 - result.get(Evaluation.class).accuracy();

  /** All weights become NaN in the sixth step. */
  private static NeuralNetConfiguration.Builder diverging(NeuralNetConfiguration.Builder base) {
    return base.updater(
        new Sgd(
            new MapSchedule.Builder(ScheduleType.ITERATION)
                .add(0, 0.05)
                .add(GOOD_STEPS, Double.NaN)
                .build()));
  }

  static List<Supplier<Model>> networks() {
    return List.of(
        () -> Nets.mlp(DivergedEvaluationTest::diverging),
        () -> Nets.graph(DivergedEvaluationTest::diverging));
  }

  private static void fit(Model network) {
    for (int step = 0; step < STEPS; step++) {
      ((NeuralNetwork) network).fit(POINTS);
    }
  }

  private static EmaEvaluator evaluator(EmaListener ema, IEvaluation<?>... evaluations) {
    return new EmaEvaluator(ema, Batches.of(VALIDATION, 16), evaluations);
  }

  private static double accuracy(Model network) {
    return network instanceof MultiLayerNetwork mln
        ? mln.evaluate(Batches.of(VALIDATION, 16)).accuracy()
        : ((ComputationGraph) network).evaluate(Batches.of(VALIDATION, 16)).accuracy();
  }

  private static Model averaged(ModelEmaListener ema, Model network) {
    return network instanceof MultiLayerNetwork mln
        ? ema.averagedNetwork(mln)
        : ema.averagedNetwork((ComputationGraph) network);
  }

  @ParameterizedTest
  @MethodSource("networks")
  void trainingEndsAsItWouldAndTheAverageIsEvaluatedToTheEnd(Supplier<Model> create) {
    Model alone = create.get();
    Nd4j.getRandom().setSeed(7);
    fit(alone);

    Model network = create.get();
    ModelEmaListener ema = new ModelEmaListener(0.8);
    EmaHistory history = evaluator(ema).everyIterations(1);
    network.setListeners(ema, history);
    Nd4j.getRandom().setSeed(7);
    try (LogCapture log = new LogCapture(EmaHistory.class)) {
      fit(network);
      assertTrue(
          log.messages(Level.WARN).get(0).startsWith("The raw weights have diverged after 6 it"));
    }
    assertEquals(Bits.of(alone.params()), Bits.of(network.params()));
    assertThrows(IllegalStateException.class, () -> accuracy(network)); // Deeplearning4j's way

    assertEquals(STEPS, history.history().size());
    double expected = accuracy(averaged(ema, network));
    for (int step = 1; step <= STEPS; step++) {
      Comparison comparison = history.history().get(step - 1);
      EvaluationResult averaged = comparison.averaged();
      assertEquals(step, comparison.iteration());
      assertEquals(step <= GOOD_STEPS, comparison.raw().isFinite(), "step " + step);
      assertTrue(averaged.isFinite());
      if (step >= GOOD_STEPS) {
        assertEquals(expected, ACCURACY.applyAsDouble(averaged));
      }
    }
  }

  private record Recovering(Model network, DataSet data) {}

  static List<Recovering> recovering() {
    DataSet sequences = Data.sequences(5, 24, false);
    return List.of(
        new Recovering(Nets.mlp(), POINTS),
        new Recovering(Nets.graph(), POINTS),
        new Recovering(Nets.lstm(BackpropType.TruncatedBPTT), sequences),
        new Recovering(Nets.lstmGraph(BackpropType.TruncatedBPTT), sequences));
  }

  /** The pass that broke off left nothing behind. */
  @ParameterizedTest
  @MethodSource("recovering")
  void aRunThatRecoversIsEvaluatedAgain(Recovering run) {
    Model network = run.network();
    ModelEmaListener ema = new ModelEmaListener(0.8);
    network.setListeners(ema);
    ((NeuralNetwork) network).fit(run.data());
    EmaEvaluator evaluator = new EmaEvaluator(ema, Batches.of(run.data(), 8));
    String before = evaluator.raw(network).get(Evaluation.class).toJson();
    INDArray good = network.params().dup();
    network.params().putScalar(3, Double.NaN);
    assertFalse(evaluator.raw(network).isFinite());
    network.params().assign(good);
    assertEquals(before, evaluator.raw(network).get(Evaluation.class).toJson());
  }

  @Test
  void aResultThatIsNotFiniteHasNoEvaluationsAndSaysSo() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(0.8).start(network);
    network.params().assign(Double.NaN);
    EvaluationResult raw =
        evaluator(ema, new Evaluation(), new ROCMultiClass(), new EvaluationBinary()).raw(network);
    assertFalse(raw.isFinite());
    assertEquals(List.of(), raw.all());
    assertTrue(Double.isNaN(raw.score(ACCURACY)));
    assertEquals("EvaluationResult[], not finite", raw.toString());
    for (IllegalStateException e :
        List.of(
            assertThrows(IllegalStateException.class, () -> raw.get(ROCMultiClass.class)),
            assertThrows(IllegalStateException.class, () -> raw.get(0, Evaluation.class)))) {
      assertTrue(e.getMessage().contains("EvaluationResult.isFinite()"), e.getMessage());
      assertTrue(e.getCause().getMessage().contains("NaN"), e.getCause().getMessage());
    }
  }

  /** Finite weights, infinite activations, and Infinity / Infinity out of the softmax. */
  @Test
  void finiteWeightsWithPredictionsThatAreNotAreToldToo() {
    MultiLayerNetwork network = Nets.mlp(base -> base.activation(Activation.IDENTITY));
    ModelEmaListener ema = new ModelEmaListener(0.8).start(network);
    network.params().muli(1e30);
    assertFalse(evaluator(ema).raw(network).isFinite());
  }

  @Test
  void evaluationsThatTakeNaNAreThereWithNaNForScores() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(0.8).start(network);
    network.params().assign(Double.NaN);
    EvaluationResult raw = evaluator(ema, new RegressionEvaluation()).raw(network);
    assertFalse(raw.isFinite());
    assertTrue(Double.isNaN(raw.get(RegressionEvaluation.class).averageMeanSquaredError()));
    network.params().assign(0);
    assertTrue(evaluator(ema, new RegressionEvaluation()).raw(network).isFinite());
  }

  @Test
  void whatElseAnEvaluationThrowsIsThrown() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(0.8).start(network);
    IEvaluation<?> failing =
        new CustomEvaluation<Double>(
            (labels, predictions, mask, records) -> {
              throw new IllegalStateException("no such class");
            },
            CustomEvaluation.mergeConcatenate());
    EmaEvaluator evaluator = evaluator(ema, failing);
    Exception e = assertThrows(IllegalStateException.class, () -> evaluator.raw(network));
    assertEquals("no such class", e.getMessage());
  }

  /** A consumer as it is written for runs that go well. */
  @Test
  void consumersThatAskForWhatThereIsNotDoNotEndTheTrainingNorKeepOthersFromTheirs() {
    MultiLayerNetwork network = Nets.mlp(DivergedEvaluationTest::diverging);
    ModelEmaListener ema = new ModelEmaListener(0.8);
    List<Double> raw = new ArrayList<>();
    List<Double> averaged = new ArrayList<>();
    EmaHistory history =
        evaluator(ema)
            .everyIterations(1)
            .onComparison(c -> raw.add(ACCURACY.applyAsDouble(c.raw())))
            .onComparison(c -> averaged.add(c.averaged().score(ACCURACY)));
    network.setListeners(ema, history);
    try (LogCapture log = new LogCapture(EmaHistory.class)) {
      fit(network);
      List<String> said =
          log.messages(Level.WARN).stream().filter(m -> m.startsWith("A consumer")).toList();
      assertEquals(1, said.size());
    }
    assertEquals(GOOD_STEPS, raw.size());
    assertEquals(STEPS, averaged.size());
  }

  @Test
  void anyOtherFailureOfAConsumerIsItsOwn() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(0.8);
    network.setListeners(
        ema,
        evaluator(ema)
            .everyIterations(1)
            .onComparison(
                c -> {
                  throw new IllegalStateException("disk full");
                }));
    assertThrows(IllegalStateException.class, () -> network.fit(POINTS));
  }

  @ParameterizedTest
  @MethodSource("networks")
  void theBestNetworksAreThoseBeforeAndAverages(Supplier<Model> create, @TempDir Path directory)
      throws IOException {
    for (boolean minimise : new boolean[] {true, false}) {
      Model network = create.get();
      ModelEmaListener ema = new ModelEmaListener(0.8);
      EmaEvaluator evaluator = evaluator(ema);
      Path kept = directory.resolve(minimise ? "error" : "accuracy");
      BestModels best =
          minimise
              ? BestModels.minimizing(kept, network, evaluator, ERROR)
              : BestModels.maximizing(kept, network, evaluator, ACCURACY);
      network.setListeners(ema, evaluator.everyIterations(1).onComparison(best));
      fit(network);
      assertTrue(best.raw().orElseThrow().iteration() <= GOOD_STEPS);
      assertTrue(Double.isFinite(best.averaged().orElseThrow().score()));
    }
  }

  /** Where there was no evaluation before it diverged. */
  @Test
  void ofADivergedNetworkOnlyTheAverageIsKept(@TempDir Path directory) throws IOException {
    MultiLayerNetwork network = Nets.mlp(DivergedEvaluationTest::diverging);
    ModelEmaListener ema = new ModelEmaListener(0.8);
    network.setListeners(ema);
    fit(network);
    EmaEvaluator evaluator = evaluator(ema);
    BestModels best = BestModels.minimizing(directory, network, evaluator, ERROR);
    best.accept(evaluator.compare(network));
    assertTrue(best.raw().isEmpty());
    assertEquals(1 - accuracy(ema.averagedNetwork(network)), best.averaged().orElseThrow().score());
  }

  @Test
  void aGroupIsComparedWithoutTheRawWeights() {
    MultiLayerNetwork network = Nets.mlp(DivergedEvaluationTest::diverging);
    ModelEmaGroup group = ModelEmaGroup.of(0.5, 0.8);
    network.setListeners(group);
    fit(network);
    Scores scores = evaluator(group).compare(network).maximizing(ACCURACY);
    assertTrue(Double.isNaN(scores.raw()));
    assertEquals(
        accuracy(group.get(scores.best().index()).averagedNetwork(network)), scores.best().score());
    String table = scores.toString();
    assertTrue(table.contains("not finite"), table);
    assertFalse(table.contains("NaN"), table);
  }
}
