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
 * Scores the averaged weights with another score calculator. Use it together with {@link
 * EmaModelSaver}, so that what was scored is what is stored:
 *
 * <pre>{@code
 * ModelEmaListener ema = new ModelEmaListener(0.999);
 * net.addListeners(ema);
 * EarlyStoppingConfiguration<MultiLayerNetwork> configuration =
 *     new EarlyStoppingConfiguration.Builder<MultiLayerNetwork>()
 *         .scoreCalculator(new EmaScoreCalculator<>(ema, new DataSetLossCalculator(validation, true)))
 *         .modelSaver(new EmaModelSaver<>(ema, new LocalFileModelSaver(directory)))
 *         .epochTerminationConditions(new MaxEpochsTerminationCondition(100))
 *         .build();
 * EarlyStoppingResult<MultiLayerNetwork> result =
 *     new EarlyStoppingTrainer(configuration, net, training).fit();
 * }</pre>
 *
 * <p>The listener is registered with the network, and the trainer is given the network: one that is
 * given a configuration makes a network of its own, with which no listener is registered, and is
 * refused at its first score. Before the first update the averaged weights are the initial ones,
 * and are scored as such. Scores are in {@code result.getScoreVsEpoch()}; {@code
 * result.getBestModelScore()} is 0, since Deeplearning4j 1.0.0-M2.1 overwrites it with the stored
 * network's own score field.
 *
 * <p>To stop and go on later, save an {@code EmaCheckpoint} after {@code fit}, and early stopping
 * goes on with the restored network and average. Deeplearning4j's trainer starts anew then: it
 * counts epochs from 0 and takes the first score for the best one so far, so give the second part a
 * directory of its own. {@code BestModels} remembers the best score.
 *
 * @param <M> MultiLayerNetwork or ComputationGraph
 */
public final class EmaScoreCalculator<M extends Model> implements ScoreCalculator<M> {

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
  public EmaScoreCalculator(EmaListener ema, ScoreCalculator<M> calculator) {
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
