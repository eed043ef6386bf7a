// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.earlystopping;

import io.github.ema4j.dl4j.EmaListener;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.internal.KeptRandom;
import io.github.ema4j.dl4j.internal.Networks;
import java.util.Objects;
import org.deeplearning4j.earlystopping.scorecalc.ScoreCalculator;
import org.deeplearning4j.nn.api.Model;

/**
 * Scores the averaged weights with another score calculator. {@link EmaModelSaver} stores the
 * network that it scored.
 *
 * @param <M> MultiLayerNetwork or ComputationGraph
 */
final class EmaScoreCalculator<M extends Model> implements ScoreCalculator<M> {

  private static final long serialVersionUID = 1L;

  private final transient ModelEmaListener ema;
  private final transient ScoreCalculator<M> calculator;

  /**
   * Scores with a calculator.
   *
   * @param ema keeps the average of the network that trains
   * @param calculator scores a network; any of Deeplearning4j's
   * @throws IllegalStateException if {@code ema} keeps several averages
   */
  EmaScoreCalculator(EmaListener ema, ScoreCalculator<M> calculator) {
    this.ema = ema.only();
    this.calculator = Objects.requireNonNull(calculator, "calculator");
  }

  @Override
  public double calculateScore(M network) {
    M averaged = averaged(ema, network);
    try (KeptRandom kept = KeptRandom.now()) {
      return calculator.calculateScore(averaged);
    }
  }

  /** The averaged network in the data type in which it is stored, to be scored and stored. */
  static <M extends Model> M averaged(ModelEmaListener ema, M network) {
    if (!ema.isStarted()) {
      throw new IllegalStateException(
          "Early stopping trains a network without its average, which has seen no training: call"
              + " net.addListeners(ema) after any net.setListeners(...), and give the trainer that"
              + " network, new EarlyStoppingTrainer(earlyStopping, net, data). A trainer that is"
              + " given the configuration of a network makes one of its own, which no listener"
              + " knows: make it before, net = new MultiLayerNetwork(configuration); net.init()");
    }
    ema.requireAverageOf(network);
    return Networks.copy(network, ema.shadow());
  }

  @Override
  public boolean minimizeScore() {
    return calculator.minimizeScore();
  }
}
