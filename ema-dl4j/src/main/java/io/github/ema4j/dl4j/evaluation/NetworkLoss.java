// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.evaluation;

import java.io.Serializable;
import java.util.List;
import org.nd4j.evaluation.BaseEvaluation;
import org.nd4j.evaluation.IMetric;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The network's own loss, to be evaluated where no other evaluation fits: object detection, mixture
 * densities, variational autoencoders with an output layer.
 *
 * <pre>{@code
 * EmaEvaluator evaluator = new EmaEvaluator(ema, validationData, new NetworkLoss());
 * double loss = evaluator.averaged(net).get(NetworkLoss.class).loss();
 * }</pre>
 *
 * <p>It is the mean over all examples of what {@code net.score(dataSet, false)} gives for a
 * minibatch, and of a ComputationGraph the sum over all its outputs; it holds the l1 and l2 penalty
 * of the weights, as the loss of training does. An {@link EmaEvaluator} fills it; {@code eval} adds
 * nothing. (What a network's {@code score()} returns is another thing: the loss of the minibatch
 * that it was trained on last, and NaN for an averaged network, which was never trained.)
 */
public final class NetworkLoss extends BaseEvaluation<NetworkLoss> {

  private static final long serialVersionUID = 1L;

  private double sum;
  private long examples;

  /**
   * The mean loss.
   *
   * @return NaN if nothing was evaluated, or the predictions are not finite
   */
  public double loss() {
    return sum / examples;
  }

  void add(double meanLoss, long count) {
    sum += meanLoss * count;
    examples += count;
  }

  @Override
  public void eval(
      INDArray labels,
      INDArray predictions,
      INDArray mask,
      List<? extends Serializable> recordMetaData) {}

  @Override
  public void merge(NetworkLoss other) {
    sum += other.sum;
    examples += other.examples;
  }

  @Override
  public void reset() {
    sum = 0;
    examples = 0;
  }

  @Override
  public String stats() {
    return "loss: " + loss();
  }

  @Override
  public double getValue(IMetric metric) {
    throw new IllegalArgumentException("There is no metric " + metric);
  }

  @Override
  public NetworkLoss newInstance() {
    return new NetworkLoss();
  }
}
