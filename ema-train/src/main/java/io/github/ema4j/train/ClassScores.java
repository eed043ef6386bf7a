// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import io.github.ema4j.train.record.Score;
import java.io.Serializable;
import java.util.List;
import org.nd4j.evaluation.BaseEvaluation;
import org.nd4j.evaluation.IMetric;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Accuracy and mean cross-entropy of a classifier, in one pass.
 *
 * <p>DL4J's {@code Evaluation} has the same accuracy, but no loss, and it throws where a network
 * has diverged: here predictions that are NaN are wrong, and their loss is NaN, so that a run can
 * go on for the sake of its average. The loss is that of DL4J's {@code MCXENT} in nats per example,
 * without any penalty on the weights.
 */
final class ClassScores extends BaseEvaluation<ClassScores> {
  private static final long serialVersionUID = 1L;

  /** What DL4J's softmax losses take for a smaller probability. */
  private static final double SMALLEST = 1e-10;

  private double sumOfLosses;
  private long right;
  private long count;

  /** The scores so far; both are NaN before the first example. */
  Score score() {
    return new Score((double) right / count, sumOfLosses / count);
  }

  @Override
  public void eval(
      INDArray labels,
      INDArray predictions,
      INDArray mask,
      List<? extends Serializable> recordMetaData) {
    if (mask != null) {
      throw new UnsupportedOperationException("whole images have no mask");
    }
    double[][] expected = labels.toDoubleMatrix();
    double[][] probabilities = predictions.toDoubleMatrix();
    for (int example = 0; example < expected.length; example++) {
      add(largest(expected[example]), probabilities[example]);
    }
  }

  private void add(int label, double[] probabilities) {
    count++;
    sumOfLosses -= Math.log(Math.max(probabilities[label], SMALLEST));
    if (Double.isFinite(probabilities[label]) && largest(probabilities) == label) {
      right++;
    }
  }

  /** The first of the largest. */
  private static int largest(double[] values) {
    int largest = 0;
    for (int i = 1; i < values.length; i++) {
      if (values[i] > values[largest]) {
        largest = i;
      }
    }
    return largest;
  }

  @Override
  public void merge(ClassScores other) {
    sumOfLosses += other.sumOfLosses;
    right += other.right;
    count += other.count;
  }

  @Override
  public void reset() {
    sumOfLosses = 0;
    right = 0;
    count = 0;
  }

  @Override
  public String stats() {
    return "%s over %d examples".formatted(score(), count);
  }

  @Override
  public double getValue(IMetric metric) {
    throw new IllegalArgumentException("use score(), not the metric " + metric);
  }

  @Override
  public ClassScores newInstance() {
    return new ClassScores();
  }
}
