// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.earlystopping;

import io.github.ema4j.dl4j.EmaListener;
import io.github.ema4j.dl4j.ModelEmaListener;
import java.io.IOException;
import java.util.Objects;
import org.deeplearning4j.earlystopping.EarlyStoppingModelSaver;
import org.deeplearning4j.nn.api.Model;

/**
 * Stores the averaged network as the best model of early stopping, through another saver. The
 * latest model stays the raw network, with which training can go on.
 *
 * @param <M> MultiLayerNetwork or ComputationGraph
 */
final class EmaModelSaver<M extends Model> implements EarlyStoppingModelSaver<M> {

  private static final long serialVersionUID = 1L;

  private final transient ModelEmaListener ema;
  private final transient EarlyStoppingModelSaver<M> saver;

  /**
   * Stores through a saver.
   *
   * @param ema keeps the average of the network that trains
   * @param saver stores a network; any of Deeplearning4j's
   * @throws IllegalStateException if {@code ema} keeps several averages
   */
  EmaModelSaver(EmaListener ema, EarlyStoppingModelSaver<M> saver) {
    this.ema = ema.only();
    this.saver = Objects.requireNonNull(saver, "saver");
  }

  @Override
  public void saveBestModel(M network, double score) throws IOException {
    saver.saveBestModel(EmaScoreCalculator.averaged(ema, network), score);
  }

  @Override
  public void saveLatestModel(M network, double score) throws IOException {
    saver.saveLatestModel(network, score);
  }

  @Override
  public M getBestModel() throws IOException {
    return saver.getBestModel();
  }

  @Override
  public M getLatestModel() throws IOException {
    return saver.getLatestModel();
  }
}
