// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.earlystopping;

import io.github.ema4j.dl4j.EmaListener;
import org.deeplearning4j.earlystopping.EarlyStoppingConfiguration;
import org.deeplearning4j.earlystopping.scorecalc.ScoreCalculator;
import org.deeplearning4j.nn.api.Model;
import org.nd4j.common.function.Supplier;

/**
 * Early stopping on averaged weights: scores and stores the same ones.
 *
 * <pre>{@code
 * ModelEmaListener ema = new ModelEmaListener(0.999);
 * net.addListeners(ema);
 * EarlyStoppingConfiguration<MultiLayerNetwork> configuration =
 *     EmaEarlyStopping.wrap(
 *         new EarlyStoppingConfiguration.Builder<MultiLayerNetwork>()
 *             .scoreCalculator(new DataSetLossCalculator(validation, true))
 *             .modelSaver(new LocalFileModelSaver(directory))
 *             .epochTerminationConditions(new MaxEpochsTerminationCondition(100))
 *             .build(),
 *         ema);
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
 * <p>Scores by Deeplearning4j's {@code Metric.F1}, {@code PRECISION} and {@code RECALL} of several
 * classes reward a network that has collapsed to one of them, and an exact AUC depends on the order
 * of examples with equal scores: stop by the loss or the accuracy, or by a score calculator that
 * asks {@code ClassScores}.
 */
public final class EmaEarlyStopping {

  private EmaEarlyStopping() {}

  /**
   * A configuration that scores the averaged weights, and stores them as the best model; the latest
   * model stays the raw network.
   *
   * @param configuration as for the network itself; not changed
   * @param ema keeps the average of the network that trains
   * @param <M> MultiLayerNetwork or ComputationGraph
   * @return a new configuration, otherwise like the one given
   * @throws IllegalStateException if {@code ema} keeps several averages
   */
  public static <M extends Model> EarlyStoppingConfiguration<M> wrap(
      EarlyStoppingConfiguration<M> configuration, EmaListener ema) {
    EarlyStoppingConfiguration<M> wrapped = new EarlyStoppingConfiguration<>();
    wrapped.setModelSaver(new EmaModelSaver<>(ema, configuration.getModelSaver()));
    if (configuration.getScoreCalculator() != null) {
      wrapped.setScoreCalculator(new EmaScoreCalculator<>(ema, configuration.getScoreCalculator()));
    }
    if (configuration.getScoreCalculatorSupplier() != null) {
      wrapped.setScoreCalculatorSupplier(wrapped(ema, configuration.getScoreCalculatorSupplier()));
    }
    wrapped.setEpochTerminationConditions(configuration.getEpochTerminationConditions());
    wrapped.setIterationTerminationConditions(configuration.getIterationTerminationConditions());
    wrapped.setSaveLastModel(configuration.isSaveLastModel());
    wrapped.setEvaluateEveryNEpochs(configuration.getEvaluateEveryNEpochs());
    return wrapped;
  }

  @SuppressWarnings({"rawtypes", "unchecked"}) // as Deeplearning4j declares it
  private static Supplier<ScoreCalculator> wrapped(
      EmaListener ema, Supplier<ScoreCalculator> calculators) {
    return () -> new EmaScoreCalculator<>(ema, calculators.get());
  }
}
