// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.ui;

import io.github.ema4j.dl4j.evaluation.ClassPredictions;
import io.github.ema4j.dl4j.evaluation.EvaluationResult;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.nd4j.evaluation.IEvaluation;
import org.nd4j.evaluation.IMetric;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.evaluation.classification.EvaluationBinary;
import org.nd4j.evaluation.classification.ROC;
import org.nd4j.evaluation.classification.ROCBinary;
import org.nd4j.evaluation.classification.ROCMultiClass;
import org.nd4j.evaluation.regression.RegressionEvaluation;

/** The numbers of an evaluation that make curves, the usual one first. */
final class Scores {

  private static final Map<Class<?>, IMetric[]> METRICS =
      Map.of(
          Evaluation.class,
          new IMetric[] {
            Evaluation.Metric.ACCURACY,
            Evaluation.Metric.F1,
            Evaluation.Metric.PRECISION,
            Evaluation.Metric.RECALL
          },
          EvaluationBinary.class,
          new IMetric[] {
            EvaluationBinary.Metric.ACCURACY,
            EvaluationBinary.Metric.F1,
            EvaluationBinary.Metric.PRECISION,
            EvaluationBinary.Metric.RECALL
          },
          ClassPredictions.class,
          new IMetric[] {ClassPredictions.Metric.CALIBRATION_ERROR},
          RegressionEvaluation.class,
          new IMetric[] {
            RegressionEvaluation.Metric.MSE,
            RegressionEvaluation.Metric.MAE,
            RegressionEvaluation.Metric.R2
          },
          ROC.class,
          new IMetric[] {ROC.Metric.AUROC, ROC.Metric.AUPRC},
          ROCBinary.class,
          new IMetric[] {ROCBinary.Metric.AUROC, ROCBinary.Metric.AUPRC},
          ROCMultiClass.class,
          new IMetric[] {ROCMultiClass.Metric.AUROC, ROCMultiClass.Metric.AUPRC});

  private Scores() {}

  /** By name; the same score of a second output or evaluation has a 2 in its name, and so on. */
  static Map<String, Double> of(EvaluationResult result) {
    Map<String, Double> scores = new LinkedHashMap<>();
    for (IEvaluation<?> evaluation : result.all()) {
      for (IMetric metric : METRICS.getOrDefault(evaluation.getClass(), new IMetric[0])) {
        String name = metric.toString().toLowerCase(Locale.ROOT);
        scores.put(Names.unused(name, scores.keySet()), evaluation.getValue(metric));
      }
    }
    return scores;
  }
}
