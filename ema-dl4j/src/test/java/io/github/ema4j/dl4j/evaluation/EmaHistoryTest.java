// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.testing.LogCapture;
import io.github.ema4j.testing.dl4j.Batches;
import io.github.ema4j.testing.dl4j.Data;
import io.github.ema4j.testing.dl4j.Nets;
import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.evaluation.IEvaluation;
import org.nd4j.linalg.dataset.DataSet;

/** Comparisons of raw and averaged weights while a network trains. */
class EmaHistoryTest {

  private static final DataSet POINTS = Data.points(1, 24);
  private static final DataSet VALIDATION = Data.points(2, 40);

  private static List<String> json(EvaluationResult result) {
    return result.all().stream().map(IEvaluation::toJson).toList();
  }

  @Test
  void listenerComparesAfterEveryOtherEpoch() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(0.9);
    EmaHistory listener = new EmaEvaluator(ema, Batches.of(VALIDATION, 16)).everyEpochs(2);
    List<String> order = new ArrayList<>();
    listener.onComparison(c -> order.add("first " + c.epoch()));
    listener.onComparison(c -> order.add("second " + c.epoch()));
    network.setListeners(ema, listener);

    network.fit(Batches.of(POINTS, 8), 5);
    network.fit(POINTS); // no epoch

    List<Comparison> history = listener.history();
    assertEquals(List.of(2, 4), history.stream().map(Comparison::epoch).toList());
    assertEquals(List.of(6, 12), history.stream().map(Comparison::iteration).toList());
    assertEquals(
        List.of(6L, 12L), history.stream().map(c -> c.averages().get(0).updateCount()).toList());
    assertEquals(List.of("first 2", "second 2", "first 4", "second 4"), order);
    assertSame(history.get(1), listener.last());
    assertThrows(UnsupportedOperationException.class, history::clear);
  }

  @Test
  void listenerComparesAfterEveryThirdIteration() {
    ComputationGraph graph = Nets.graph();
    ModelEmaListener ema = new ModelEmaListener(0.9);
    EmaHistory listener = new EmaEvaluator(ema, Batches.of(VALIDATION, 16)).everyIterations(3);
    graph.setListeners(ema, listener);

    graph.fit(Batches.of(POINTS, 6), 2);

    List<Comparison> history = listener.history();
    assertEquals(List.of(3, 6), history.stream().map(Comparison::iteration).toList());
    assertEquals(List.of(0, 1), history.stream().map(Comparison::epoch).toList());
    assertEquals(
        List.of(3L, 6L), history.stream().map(c -> c.averages().get(0).updateCount()).toList());
  }

  /** Each evaluation would begin the epoch anew: training would not end. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void theIteratorOfTheTrainingIsRefusedWithinAnEpoch(boolean isGraph) {
    MultiLayerNetwork network = Nets.mlp();
    ComputationGraph graph = Nets.graph();
    ModelEmaListener ema = new ModelEmaListener(0.9);
    Batches data = Batches.of(POINTS, 1).async();
    EmaHistory history = new EmaEvaluator(ema, data).everyIterations(5);
    TrainingListener end = // where nothing refuses
        new BaseTrainingListener() {
          @Override
          public void iterationDone(Model model, int iteration, int epoch) {
            assertTrue(iteration < POINTS.numExamples(), "the epoch does not end");
          }
        };
    network.setListeners(ema, end);
    graph.setListeners(ema, end);
    IllegalStateException e =
        assertThrows(
            IllegalStateException.class,
            () -> {
              if (isGraph) {
                graph.fit(data);
              } else {
                network.fit(data);
              }
            });
    assertTrue(e.getMessage().contains("an iterator of its own"), e.getMessage());
    assertEquals(5, ema.updateCount());
    assertEquals(List.of(), history.history());
  }

  @Test
  void theIteratorOfTheTrainingMayBeReadAtTheEndOfAnEpoch() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(0.9);
    Batches data = Batches.of(POINTS, 1).async();
    EmaHistory history = new EmaEvaluator(ema, data).everyEpochs(1);
    network.setListeners(ema);
    network.fit(data, 2);
    assertEquals(48, ema.updateCount());
    assertEquals(2, history.history().size());
  }

  @Test
  void whereNothingWasEvaluatedTheCauseIsNamed() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(0.9);
    EmaHistory history = new EmaEvaluator(ema, Batches.of(VALIDATION, 16)).everyEpochs(1);
    network.fit(Batches.of(POINTS, 8));
    String message = assertThrows(IllegalStateException.class, history::last).getMessage();
    assertTrue(message.contains("call net.addListeners(ema)"), message);

    network.setListeners(ema);
    network.fit(POINTS);
    message = assertThrows(IllegalStateException.class, history::last).getMessage();
    assertTrue(message.contains("the first evaluation comes after 1 epoch, but"), message);
  }

  @Test
  void lastComparisonOfTrainingIsOfTheNetworkAsItIsThen() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(0.9);
    EmaEvaluator evaluator = new EmaEvaluator(ema, Batches.of(VALIDATION, 16));
    EmaHistory listener = evaluator.everyEpochs(1);
    network.setListeners(ema, listener);
    network.fit(Batches.of(POINTS, 8), 3);

    Comparison now = evaluator.compare(network);

    assertEquals(now.iteration(), listener.last().iteration());
    assertEquals(now.epoch(), listener.last().epoch());
    assertEquals(json(now.raw()), json(listener.last().raw()));
    assertEquals(json(now.averaged()), json(listener.last().averaged()));
  }

  @Test
  void averagedResultIsMissingBeforeTheFirstUpdate() {
    try (LogCapture log = new LogCapture(EmaHistory.class)) {
      MultiLayerNetwork network = Nets.mlp();
      ModelEmaListener ema =
          new ModelEmaListener(AveragingConfig.builder().decay(0.9).startAfter(4).build());
      EmaHistory listener = new EmaEvaluator(ema, Batches.of(VALIDATION, 16)).everyIterations(2);
      network.setListeners(ema, listener);

      network.fit(Batches.of(POINTS, 8), 2);

      List<Comparison> history = listener.history();
      assertEquals(
          List.of(false, false, true), history.stream().map(Comparison::hasAverage).toList());
      assertEquals(
          List.of(0L, 0L, 2L),
          history.stream().map(c -> c.averages().get(0).updateCount()).toList());
      assertTrue(Double.isNaN(history.get(1).averages().get(0).decay()));
      assertEquals(1, history.get(1).averages().get(0).initialShare());
      assertEquals(0.9 * 0.9, history.get(2).averages().get(0).initialShare(), 1e-15);
      assertEquals(
          List.of(
              "The average has not been updated yet; only the raw weights were evaluated",
              "The average has not been updated yet; only the raw weights were evaluated"),
          log.messages(Level.INFO));
    }
  }

  @Test
  void pretrainingIsNotEvaluated() {
    MultiLayerNetwork network = Nets.autoEncoder();
    ModelEmaListener ema = new ModelEmaListener(0.9);
    EmaHistory listener = new EmaEvaluator(ema, Batches.of(VALIDATION, 16)).everyIterations(2);
    network.setListeners(ema, listener);

    network.pretrain(Batches.of(POINTS, 8));
    assertTrue(listener.history().isEmpty());

    network.fit(Batches.of(POINTS, 8));
    assertEquals(1, listener.history().size());
    assertEquals(2, listener.last().iteration());
  }
}
