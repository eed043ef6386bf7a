// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.primal;

import io.github.ema4j.core.schedule.DecaySchedule;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.transforms.pairwise.arithmetic.Axpy;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.GradientUpdater;

/**
 * Turns gradients into steps of {@code y}, by the state {@code d = y - z} alone.
 *
 * <p>With {@code c} the share of {@code z} in the new {@code x}, what is subtracted from {@code y}
 * is {@code c*d' + learningRate*(1 - interpolation)*g}, where {@code d' = d +
 * learningRate*interpolation*g}, and the new state is {@code (1 - c)*d'}. It follows from the three
 * sequences by putting {@code x = y + (1 - interpolation)/interpolation * (y - z)} into them.
 */
final class PrimalAveragingUpdater implements GradientUpdater<PrimalAveraging> {

  private static final String STATE = "D";

  private final PrimalAveraging config;
  private final DecaySchedule schedule;
  private INDArray d; // null until there is a state

  PrimalAveragingUpdater(PrimalAveraging config) {
    this.config = config;
    this.schedule = config.averaging();
  }

  @Override
  public PrimalAveraging getConfig() {
    return config;
  }

  @Override
  public void setState(Map<String, INDArray> stateMap, boolean initialize) {
    if (!stateMap.keySet().equals(Map.of(STATE, 0).keySet())) {
      throw new IllegalStateException(
          "The state of PrimalAveraging has the key %s only, but this one has %s"
              .formatted(STATE, stateMap.keySet()));
    }
    d = stateMap.get(STATE);
    if (initialize) {
      d.assign(0);
    }
  }

  @Override
  public Map<String, INDArray> getState() {
    return Map.of(STATE, d);
  }

  @Override
  public void setStateViewArray(
      INDArray viewArray, long[] gradientShape, char gradientOrder, boolean initialize) {
    if (initialize) {
      viewArray.assign(0);
    }
    d = viewArray.reshape(gradientOrder, gradientShape);
  }

  @Override
  public void applyUpdater(INDArray gradient, int iteration, int epoch) {
    double rate = config.getLearningRate(iteration, epoch);
    double c = config.share(schedule, iteration);
    INDArray g = gradient.reshape(d.ordering(), d.shape());
    Nd4j.exec(new Axpy(g, d, d, rate * config.interpolation()));
    g.muli(rate * (1 - config.interpolation()));
    Nd4j.exec(new Axpy(d, g, g, c));
    d.muli(1 - c);
  }
}
