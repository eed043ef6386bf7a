// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.ui;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.ema4j.dl4j.evaluation.EvaluationResult;
import io.github.ema4j.dl4j.evaluation.NetworkLoss;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.nd4j.evaluation.IEvaluation;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.evaluation.regression.RegressionEvaluation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The names of scores, which the page shows, and their values. */
class ScoresTest {

  private static Evaluation evaluation(double right) {
    INDArray labels = Nd4j.create(new double[][] {{1, 0}, {0, 1}, {1, 0}, {0, 1}});
    INDArray predicted = labels.dup();
    for (int i = (int) (4 * right); i < 4; i++) {
      predicted.putRow(i, labels.getRow(i).rsub(1));
    }
    Evaluation evaluation = new Evaluation();
    evaluation.eval(labels, predicted);
    return evaluation;
  }

  private static RegressionEvaluation regression() {
    RegressionEvaluation evaluation = new RegressionEvaluation();
    evaluation.eval(
        Nd4j.create(new double[][] {{1}, {2}, {3}}), Nd4j.create(new double[][] {{1}, {2}, {6}}));
    return evaluation;
  }

  private static Map<String, Double> scores(
      List<IEvaluation<?>> first, List<IEvaluation<?>> second) {
    return Scores.of(new EvaluationResult(Map.of(0, first, 1, second)));
  }

  @Test
  void theUsualScoreComesFirst() {
    Map<String, Double> scores = scores(List.of(evaluation(0.75)), List.of());
    assertEquals(List.of("accuracy", "f1", "precision", "recall"), List.copyOf(scores.keySet()));
    assertEquals(0.75, scores.get("accuracy"));
    scores = scores(List.of(regression()), List.of());
    assertEquals(List.of("mse", "mae", "r2"), List.copyOf(scores.keySet()));
    assertEquals(3, scores.get("mse"), 1e-6);
    assertEquals(1, scores.get("mae"), 1e-6);
  }

  @Test
  void ofASecondOutputItHasANumber() {
    Map<String, Double> scores = scores(List.of(evaluation(1)), List.of(evaluation(0.5)));
    assertEquals(1, scores.get("accuracy"));
    assertEquals(0.5, scores.get("accuracy 2"));
    assertEquals(8, scores.size());
  }

  @Test
  void whatHasNoKnownScoreHasNoCurve() {
    assertEquals(Map.of(), scores(List.of(new NetworkLoss()), List.of()));
  }

  @Test
  void namesAreTheSameInEveryLanguage() {
    Locale before = Locale.getDefault();
    try {
      Locale.setDefault(Locale.forLanguageTag("tr")); // where the small letter of I has no dot
      assertEquals(
          Set.of("accuracy", "f1", "precision", "recall"),
          scores(List.of(evaluation(0.75)), List.of()).keySet());
    } finally {
      Locale.setDefault(before);
    }
  }
}
