// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.testing.dl4j.Batches;
import io.github.ema4j.testing.dl4j.Data;
import io.github.ema4j.testing.dl4j.Nets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.nd4j.evaluation.IEvaluation;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.evaluation.classification.ROCMultiClass;
import org.nd4j.evaluation.regression.RegressionEvaluation;

/** Evaluations are found by class and output; without them nothing pretends to be a score. */
class EvaluationResultTest {

  private final Evaluation first = new Evaluation();
  private final Evaluation second = new Evaluation();
  private final RegressionEvaluation regression = new RegressionEvaluation();

  /** Written in the reverse order of the outputs. */
  private EvaluationResult result() {
    Map<Integer, List<IEvaluation<?>>> byOutput = new LinkedHashMap<>();
    byOutput.put(11, List.of(second));
    byOutput.put(2, List.of(regression, first));
    return new EvaluationResult(byOutput);
  }

  @Test
  void theFirstOfAClassIsThatOfTheLowestOutput() {
    assertSame(first, result().get(Evaluation.class));
    assertSame(regression, result().get(RegressionEvaluation.class));
    assertSame(second, result().get(11, Evaluation.class));
    assertEquals(List.of(regression, first, second), result().all());
  }

  @Test
  void whatWasNotEvaluatedIsRefusedWithWhatWas() {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> result().get(ROCMultiClass.class));
    assertTrue(
        e.getMessage()
            .startsWith(
                "No ROCMultiClass was evaluated, only: [RegressionEvaluation at output 2,"
                    + " Evaluation at output 2, Evaluation at output 11]"),
        e.getMessage());
    e =
        assertThrows(
            IllegalArgumentException.class, () -> result().get(11, RegressionEvaluation.class));
    assertTrue(
        e.getMessage().startsWith("No RegressionEvaluation was evaluated at output 11"),
        e.getMessage());
    assertThrows(IllegalArgumentException.class, () -> result().get(0, Evaluation.class));
  }

  @Test
  void listsThatChangeLaterDoNotReachIt() {
    List<IEvaluation<?>> list = new ArrayList<>(List.of(first));
    Map<Integer, List<IEvaluation<?>>> byOutput = new HashMap<>(Map.of(0, list));
    EvaluationResult result = new EvaluationResult(byOutput);
    list.add(second);
    byOutput.put(1, List.of(regression));
    assertEquals(List.of(first), result.all());
    assertThrows(UnsupportedOperationException.class, () -> result.all().add(second));
  }

  @Test
  void aScoreOfPredictionsThatAreNotFiniteIsNaNWithoutBeingAskedFor() {
    EvaluationResult diverged = EvaluationResult.notFinite(new ArithmeticException("NaN"));
    assertFalse(diverged.isFinite());
    assertEquals(
        Double.NaN,
        diverged.score(
            r -> {
              throw new AssertionError();
            }));
    assertEquals(7, result().score(r -> 7));
    assertEquals(List.of(), diverged.all());
    assertEquals("EvaluationResult[], not finite", diverged.toString());
    NonFinitePredictionsException e =
        assertThrows(NonFinitePredictionsException.class, () -> diverged.get(Evaluation.class));
    assertEquals("NaN", e.getCause().getMessage());
    assertThrows(NonFinitePredictionsException.class, () -> diverged.get(0, Evaluation.class));
  }

  @Test
  void aNetworkIsEvaluatedAsItIsAndByDefaultAsAClassifier() {
    MultiLayerNetwork network = Nets.mlp();
    Batches data = Batches.of(Data.points(1, 40), 16);
    Evaluation expected = network.evaluate(data);
    EvaluationResult result = EvaluationResult.of(network, data);
    assertEquals(expected.accuracy(), result.get(Evaluation.class).accuracy());
    assertEquals(40, result.get(Evaluation.class).getNumRowCounter());
    RegressionEvaluation prototype = new RegressionEvaluation();
    EvaluationResult other = EvaluationResult.of(network, data, prototype);
    assertEquals("EvaluationResult[RegressionEvaluation at output 0]", other.toString());
    assertNotSame(prototype, other.get(RegressionEvaluation.class));
  }
}
