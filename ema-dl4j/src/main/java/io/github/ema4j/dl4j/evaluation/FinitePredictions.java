// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.evaluation;

import java.io.Serializable;
import java.util.List;
import org.nd4j.evaluation.BaseEvaluation;
import org.nd4j.evaluation.IMetric;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Looks whether predictions are finite, before other evaluations, some of which throw where they
 * are not.
 */
final class FinitePredictions extends BaseEvaluation<FinitePredictions> {

  private static final long serialVersionUID = 1L;

  private boolean nonFinite;
  private boolean nonFiniteWithoutMask;

  /** Whether any prediction was not finite, including those that a mask leaves out. */
  boolean sawNonFinite() {
    return nonFinite;
  }

  /** Whether a prediction was not finite in data without a mask, where each one counts. */
  boolean sawNonFiniteThatCounts() {
    return nonFiniteWithoutMask;
  }

  @Override
  public void eval(
      INDArray labels,
      INDArray predictions,
      INDArray mask,
      List<? extends Serializable> recordMetaData) {
    if (!isFinite(predictions)) {
      nonFinite = true;
      nonFiniteWithoutMask |= mask == null;
    }
  }

  private static boolean isFinite(INDArray predictions) {
    return hasFiniteSum(predictions)
        || hasFiniteSum(predictions.castTo(DataType.DOUBLE)); // which does not overflow
  }

  private static boolean hasFiniteSum(INDArray predictions) {
    return Double.isFinite(predictions.norm1Number().doubleValue());
  }

  @Override
  public void merge(FinitePredictions other) {
    nonFinite |= other.nonFinite;
    nonFiniteWithoutMask |= other.nonFiniteWithoutMask;
  }

  @Override
  public void reset() {
    nonFinite = false;
    nonFiniteWithoutMask = false;
  }

  @Override
  public String stats() {
    return nonFinite ? "not finite" : "finite";
  }

  @Override
  public double getValue(IMetric metric) {
    throw new IllegalArgumentException("There is no metric " + metric);
  }

  @Override
  public FinitePredictions newInstance() {
    return new FinitePredictions();
  }
}
