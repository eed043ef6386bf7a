// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import java.io.Serializable;
import java.util.List;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.linalg.api.ndarray.INDArray;

/** An evaluation that throws when it is given its second batch. */
public final class FailingEvaluation extends Evaluation {

  private int batches;

  @Override
  public void eval(
      INDArray labels, INDArray predictions, INDArray mask, List<? extends Serializable> meta) {
    if (++batches == 2) {
      throw new ArithmeticException("This evaluation fails at its second batch");
    }
    super.eval(labels, predictions, mask, meta);
  }

  @Override
  public void eval(INDArray labels, INDArray predictions, INDArray mask) {
    eval(labels, predictions, mask, null);
  }

  @Override
  public void reset() {
    batches = 0;
    super.reset();
  }

  @Override
  public FailingEvaluation newInstance() {
    return new FailingEvaluation();
  }
}
