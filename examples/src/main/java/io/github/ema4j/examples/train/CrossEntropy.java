// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.train;

import java.io.Serializable;
import java.util.List;
import org.nd4j.evaluation.BaseEvaluation;
import org.nd4j.evaluation.IMetric;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The mean cross-entropy of a classifier, in nats per example: the loss of DL4J's {@code MCXENT}
 * without any penalty on the weights. DL4J has no evaluation of it, and one evaluates averaged
 * weights in the same pass as their accuracy.
 */
final class CrossEntropy extends BaseEvaluation<CrossEntropy> {
  private static final long serialVersionUID = 1L;

  /** What DL4J's softmax losses take for a smaller probability. */
  private static final double SMALLEST = 1e-10;

  private double sum;
  private long count;

  /** The mean so far; NaN before the first example, or if the network gave NaN. */
  double mean() {
    return sum / count;
  }

  @Override
  public void eval(
      INDArray labels,
      INDArray predictions,
      INDArray mask,
      List<? extends Serializable> recordMetaData) {
    if (mask != null) {
      throw new UnsupportedOperationException("masks are not for classes of whole images");
    }
    double[][] expected = labels.toDoubleMatrix();
    double[][] probabilities = predictions.toDoubleMatrix();
    for (int example = 0; example < expected.length; example++) {
      for (int label = 0; label < expected[example].length; label++) {
        if (expected[example][label] != 0) {
          sum -=
              expected[example][label]
                  * Math.log(Math.max(probabilities[example][label], SMALLEST));
        }
      }
      count++;
    }
  }

  @Override
  public void merge(CrossEntropy other) {
    sum += other.sum;
    count += other.count;
  }

  @Override
  public void reset() {
    sum = 0;
    count = 0;
  }

  @Override
  public String stats() {
    return "mean cross-entropy %s of %d examples".formatted(mean(), count);
  }

  @Override
  public double getValue(IMetric metric) {
    throw new IllegalArgumentException("there is one value only: use mean(), not " + metric);
  }

  @Override
  public CrossEntropy newInstance() {
    return new CrossEntropy();
  }
}
