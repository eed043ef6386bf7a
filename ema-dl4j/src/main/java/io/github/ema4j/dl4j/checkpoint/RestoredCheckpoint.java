// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.checkpoint;

import io.github.ema4j.dl4j.ModelEmaGroup;
import io.github.ema4j.dl4j.ModelEmaListener;
import java.util.List;
import java.util.Optional;
import org.deeplearning4j.nn.api.Model;
import org.nd4j.linalg.dataset.api.preprocessor.Normalizer;

/**
 * A run as it was when its checkpoint was saved.
 *
 * @param network with its raw weights, updater state and counters, without listeners
 * @param averages keep the averages of the network, one or more; to be registered with it before
 *     training goes on, several as a {@link ModelEmaGroup}
 * @param normalizer of the data, if one was saved
 * @param info everything else
 * @param <N> class of the network
 */
public record RestoredCheckpoint<N extends Model>(
    N network,
    List<ModelEmaListener> averages,
    Optional<Normalizer<?>> normalizer,
    CheckpointInfo info) {

  /** Copies the list. */
  public RestoredCheckpoint {
    averages = List.copyOf(averages);
  }

  /**
   * The average.
   *
   * @return averages the network; to be registered with it before training goes on
   * @throws IllegalStateException if there are several
   */
  public ModelEmaListener ema() {
    if (averages.size() > 1) {
      throw new IllegalStateException(
          "The checkpoint holds %d averages: register group()".formatted(averages.size()));
    }
    return averages.get(0);
  }

  /**
   * All averages as one listener.
   *
   * @return averages the network; to be registered with it before training goes on. Call this once:
   *     from then on the averages leave their updates to it
   */
  public ModelEmaGroup group() {
    return ModelEmaGroup.of(averages.toArray(ModelEmaListener[]::new));
  }

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
