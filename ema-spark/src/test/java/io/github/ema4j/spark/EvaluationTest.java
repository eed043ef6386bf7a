// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.ema4j.core.Swap;
import io.github.ema4j.dl4j.evaluation.Comparison;
import io.github.ema4j.dl4j.evaluation.EmaEvaluator;
import io.github.ema4j.dl4j.evaluation.EmaHistory;
import io.github.ema4j.dl4j.evaluation.EvaluationResult;
import io.github.ema4j.testing.EmaOracle;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.SparkException;
import org.apache.spark.api.java.JavaSparkContext;
import org.deeplearning4j.datasets.iterator.utilty.ListDataSetIterator;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.api.NeuralNetwork;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.spark.api.RDDTrainingApproach;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingMaster;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.evaluation.IEvaluation;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.evaluation.classification.ROCMultiClass;
import org.nd4j.evaluation.regression.RegressionEvaluation;
import org.nd4j.linalg.dataset.DataSet;

/** Raw and averaged weights are evaluated on the workers as they would be in this process. */
@SparkTest
class EvaluationTest {

  private static final List<DataSet> VALIDATION = Minibatches.of(9, 8);

  private static EmaTrainingMaster master() {
    return EmaTrainingMaster.builder(
            new ParameterAveragingTrainingMaster.Builder(2, 4)
                .batchSizePerWorker(4)
                .averagingFrequency(2)
                .saveUpdater(true)
                .rngSeed(1)
                .rddTrainingApproach(RDDTrainingApproach.Direct))
        .decay(0.9)
        .build();
  }

  private static EmaSparkTraining<?> trained(JavaSparkContext sc, Kind kind) throws Exception {
    EmaSparkTraining<?> run = kind.train(sc, kind.create(), master());
    run.fit(sc.parallelize(Minibatches.of(16, 4), 2), 2);
    return run;
  }

  private static String counts(Model network) {
    Evaluation evaluation =
        network instanceof MultiLayerNetwork mln
            ? mln.evaluate(new ListDataSetIterator<>(VALIDATION))
            : ((ComputationGraph) network).evaluate(new ListDataSetIterator<>(VALIDATION));
    return evaluation.confusionToString();
  }

  private static IEvaluation<?>[] kinds() {
    return new IEvaluation<?>[] {new Evaluation(), new ROCMultiClass(), new RegressionEvaluation()};
  }

  /** In this process. */
  private static EvaluationResult evaluated(Model network) {
    IEvaluation<?>[] filled =
        ((NeuralNetwork) network).doEvaluation(new ListDataSetIterator<>(VALIDATION), kinds());
    return new EvaluationResult(Map.of(0, List.of(filled)));
  }

  private static double error(EvaluationResult result) {
    return result.get(RegressionEvaluation.class).averageMeanSquaredError();
  }

  private static void assertSame(EvaluationResult expected, EvaluationResult actual) {
    assertEquals(
        expected.get(Evaluation.class).confusionToString(),
        actual.get(Evaluation.class).confusionToString());
    assertEquals(
        expected.get(ROCMultiClass.class).calculateAverageAUC(),
        actual.get(ROCMultiClass.class).calculateAverageAUC(),
        1e-6);
    assertEquals(error(expected), error(actual), 1e-6);
  }

  @ParameterizedTest
  @EnumSource
  void asInOneProcess(Kind kind, JavaSparkContext sc) throws Exception {
    EmaSparkTraining<?> run = trained(sc, kind);
    float[] raw = EmaOracle.floats(run.network().params());
    Comparison comparison = run.compare(sc.parallelize(VALIDATION, 3), 8, kinds());

    assertArrayEquals(raw, EmaOracle.floats(run.network().params()), "raw weights are put back");
    assertFalse(run.ema().isSwapped());
    EvaluationResult expectedRaw = evaluated(run.network());
    EvaluationResult expectedAveraged;
    try (Swap ignored = run.ema().swap(run.network())) {
      expectedAveraged = evaluated(run.network());
    }
    assertNotEquals(error(expectedRaw), error(expectedAveraged), 1e-4, "cannot be told apart");
    assertSame(expectedRaw, comparison.raw());
    assertSame(expectedAveraged, comparison.averaged());
    assertEquals(2, comparison.epoch());
    assertEquals(16, comparison.iteration());
  }

  @Test
  void multiDataSets(JavaSparkContext sc) throws Exception {
    ComputationGraph graph = (ComputationGraph) Kind.GRAPH.create();
    EmaSparkTraining<ComputationGraph> run = EmaSparkTraining.of(sc, graph, master());
    run.fitMultiDataSet(sc.parallelize(Minibatches.of(8, 4), 2).map(DataSet::toMultiDataSet), 1);
    assertEquals(2, run.rounds());
    Comparison comparison =
        run.compareMultiDataSet(sc.parallelize(VALIDATION, 2).map(DataSet::toMultiDataSet), 8);
    assertEquals(counts(graph), comparison.raw(Evaluation.class).confusionToString());
  }

  /** Data that can be computed so often, and then no more. */
  private static final AtomicInteger PASSES = new AtomicInteger();

  @Test
  void rawWeightsArePutBackAlsoWhenEvaluationFails(JavaSparkContext sc) throws Exception {
    EmaSparkTraining<?> run = trained(sc, Kind.LAYERS);
    float[] raw = EmaOracle.floats(run.network().params());
    PASSES.set(0);
    assertThrows(
        SparkException.class,
        () ->
            run.compare(
                sc.parallelize(VALIDATION, 1)
                    .mapPartitions(
                        data -> {
                          if (PASSES.incrementAndGet() > 1) {
                            throw new IllegalStateException("no data");
                          }
                          return data;
                        }),
                8));
    assertEquals(2, PASSES.get(), "raw weights have been evaluated, averaged ones not");
    assertArrayEquals(raw, EmaOracle.floats(run.network().params()));
    assertFalse(run.ema().isSwapped());
  }

  /** The workers' tasks would fail, and be tried again, and end the run. */
  @Test
  void rawWeightsThatHaveDivergedAreToldAndTheAverageIsEvaluated(JavaSparkContext sc)
      throws Exception {
    EmaSparkTraining<?> run = trained(sc, Kind.LAYERS);
    run.network().params().putScalar(0, Float.NaN);
    Comparison comparison = run.compare(sc.parallelize(VALIDATION, 2), 8);
    assertFalse(comparison.raw().isFinite());
    String expected;
    try (Swap ignored = run.ema().swap(run.network())) {
      expected = counts(run.network());
    }
    assertEquals(expected, comparison.averaged(Evaluation.class).confusionToString());
  }

  /** On the driver, with the driver's network. */
  @Test
  void whatFollowsTheAverageIsCalledAfterEachRound(JavaSparkContext sc) throws Exception {
    EmaSparkTraining<?> run = Kind.LAYERS.train(sc, Kind.LAYERS.create(), master());
    EmaHistory history =
        new EmaEvaluator(run.ema(), new ListDataSetIterator<>(VALIDATION)).everyIterations(1);
    EmaHistory epochs =
        new EmaEvaluator(run.ema(), new ListDataSetIterator<>(VALIDATION)).everyEpochs(1);
    run.fit(sc.parallelize(Minibatches.of(16, 4), 2), 2);

    assertEquals(run.rounds(), history.history().size());
    assertEquals(16, history.last().iteration());
    assertEquals(counts(run.network()), history.last().raw(Evaluation.class).confusionToString());
    assertEquals(List.of(1, 2), epochs.history().stream().map(Comparison::epoch).toList());
  }

  @Test
  void beforeTheFirstRoundThereIsNoAverage(JavaSparkContext sc) throws Exception {
    EmaSparkTraining<?> run = Kind.LAYERS.train(sc, Kind.LAYERS.create(), master());
    assertFalse(run.compare(sc.parallelize(VALIDATION, 2), 8).hasAverage());
  }

  @Test
  void whatCannotBeEvaluatedIsRefused(JavaSparkContext sc) throws Exception {
    EmaSparkTraining<?> run = trained(sc, Kind.LAYERS);
    assertThrows(IllegalStateException.class, () -> run.compare(sc.parallelize(List.of(), 2), 8));
    assertThrows(
        UnsupportedOperationException.class,
        () ->
            run.compareMultiDataSet(sc.parallelize(VALIDATION, 2).map(DataSet::toMultiDataSet), 8));
    try (Swap ignored = run.ema().swap(run.network())) {
      assertThrows(
          IllegalStateException.class, () -> run.compare(sc.parallelize(VALIDATION, 2), 8));
    }
  }
}
