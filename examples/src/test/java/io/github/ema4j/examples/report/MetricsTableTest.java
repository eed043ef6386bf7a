// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.dl4j.evaluation.Comparison;
import io.github.ema4j.dl4j.evaluation.EvaluationResult;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.nd4j.evaluation.classification.Evaluation;

class MetricsTableTest {

  @Test
  void rowsStandUnderTheHeader() {
    EpochMetrics metrics = new EpochMetrics(3, 0.5, 0.81, 0.825, 0.04);
    assertEquals(
        "    3          0.5000        81.00 %             82.50 %          4.00 %",
        MetricsTable.row(metrics));
    assertEquals(MetricsTable.HEADER.length(), MetricsTable.row(metrics).length());
    assertEquals(
        "Accuracy of the raw weights 81.00 %, of the averaged weights 82.50 % (+1.50 points)",
        MetricsTable.summary(metrics));
  }

  @Test
  void rawWeightsThatHaveDivergedAreToldInWords() {
    Evaluation half = new Evaluation(2);
    half.eval(0, 0);
    half.eval(0, 1);
    EvaluationResult averaged = new EvaluationResult(Map.of(0, List.of(half)));
    Comparison comparison =
        new Comparison(
            10,
            1,
            EvaluationResult.notFinite(new IllegalStateException("NaN")),
            List.of(new Comparison.Averaged("constant(0.9)", 9, 0.9, 0.4, Optional.of(averaged))));
    EpochMetrics metrics = EpochMetrics.of(1, Double.NaN, comparison);
    assertTrue(Double.isNaN(metrics.rawAccuracy()));
    assertEquals(
        "    1             NaN     not finite             50.00 %         40.00 %",
        MetricsTable.row(metrics));
    assertEquals(
        "The raw weights have diverged; accuracy of the averaged weights 50.00 %",
        MetricsTable.summary(metrics));
  }
}
