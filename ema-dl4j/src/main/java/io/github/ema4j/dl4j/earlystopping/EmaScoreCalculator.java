// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.earlystopping;

import io.github.ema4j.dl4j.EmaListener;
import io.github.ema4j.dl4j.ModelEmaListener;
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
 * <p>Before the first update the averaged weights are the initial ones, and are scored as such.
 * Scores are in {@code result.getScoreVsEpoch()}; {@code result.getBestModelScore()} is 0, since
 * Deeplearning4j 1.0.0-M2.1 overwrites it with the stored network's own score field.
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
    ema.start(network);
    // A copy has the data type in which it is stored, so that its score is that of the stored one.
    return calculator.calculateScore(Networks.copy(network, ema.shadow()));
  }

  @Override
  public boolean minimizeScore() {
    return calculator.minimizeScore();
  }
}
