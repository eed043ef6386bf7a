// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.models;

import io.github.ema4j.train.error.UserError;
import java.util.Objects;
import org.nd4j.linalg.learning.config.IUpdater;

/**
 * What a network is built for and how it trains.
 *
 * @param input the size of the images
 * @param classes the number of classes, at least 2
 * @param updater the optimizer with its learning rate
 * @param weightDecay the factor of the L2 penalty on the weights of convolutions and dense layers,
 *     0 for none; biases and batch norm have none
 * @param seed of the random start weights and of dropout
 */
public record ModelSettings(
    ImageShape input, int classes, IUpdater updater, double weightDecay, long seed) {

  /**
   * Checks the settings.
   *
   * @throws UserError if there are fewer than 2 classes, or the weight decay is negative or not
   *     finite
   */
  public ModelSettings {
    Objects.requireNonNull(input, "input");
    Objects.requireNonNull(updater, "updater");
    if (classes < 2) {
      throw new UserError(classes + " classes: to tell apart, there have to be at least 2");
    }
    if (!(weightDecay >= 0 && Double.isFinite(weightDecay))) {
      throw new UserError("weight decay " + weightDecay + ": it has to be 0 or more, and finite");
    }
  }
}
