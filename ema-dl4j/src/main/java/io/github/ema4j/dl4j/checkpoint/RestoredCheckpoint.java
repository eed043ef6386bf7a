// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.checkpoint;

import io.github.ema4j.dl4j.ModelEmaListener;
import java.util.Optional;
import org.deeplearning4j.nn.api.Model;
import org.nd4j.linalg.dataset.api.preprocessor.Normalizer;

/**
 * A run as it was when its checkpoint was saved.
 *
 * @param network with its raw weights, updater state and counters, without listeners
 * @param ema averages the network; to be registered with it before training goes on
 * @param normalizer of the data, if one was saved
 * @param info everything else
 * @param <N> class of the network
 */
public record RestoredCheckpoint<N extends Model>(
    N network, ModelEmaListener ema, Optional<Normalizer<?>> normalizer, CheckpointInfo info) {

  /**
   * Iterations done.
   *
   * @return from 0
   */
  public int iteration() {
    return info.iteration();
  }

  /**
   * Epochs done.
   *
   * @return from 0
   */
  public int epoch() {
    return info.epoch();
  }

  /**
   * The best score so far.
   *
   * @return empty if none was saved
   */
  public Optional<Double> bestScore() {
    return info.bestScore();
  }

  /**
   * Puts the calling thread's random generator into the state that it had when the checkpoint was
   * saved. Restoring has done so already: call it if something has drawn from the generator since,
   * or if training goes on in another thread.
   */
  public void applyRandomState() {
    info.random().apply();
  }
}
