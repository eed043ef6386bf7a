// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.record;

/**
 * What an evaluation of one set of weights gave.
 *
 * @param accuracy share of the images classified rightly, 0 to 1; NaN if there were none
 * @param loss mean loss per image, averaged as the network's loss function does; NaN or infinite if
 *     the network diverged
 */
public record Score(double accuracy, double loss) {
  /**
   * Checks the accuracy.
   *
   * @throws IllegalArgumentException if it is below 0 or above 1: a percentage, perhaps
   */
  public Score {
    if (accuracy < 0 || accuracy > 1) {
      throw new IllegalArgumentException("accuracy " + accuracy + " is not in 0 to 1");
    }
  }
}
