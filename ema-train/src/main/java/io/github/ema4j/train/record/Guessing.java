// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.record;

import java.util.Locale;
import java.util.Optional;
import java.util.stream.DoubleStream;

/**
 * What comes of always guessing the largest class of the validation images. A network that is no
 * better has learnt nothing.
 *
 * @param right images of that class
 * @param images of all classes
 */
public record Guessing(int right, int images) {

  /** Standard errors that chance alone seldom makes. */
  private static final double SELDOM = 2;

  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException if there are no images, or more of a class than of all
   */
  public Guessing {
    if (right < 1 || right > images) {
      throw new IllegalArgumentException(
          right + " of " + images + " images in the largest class: that cannot be");
    }
  }

  /** The accuracy of guessing, above 0 to 1. */
  public double accuracy() {
    return (double) right / images;
  }

  /** How far from {@link #accuracy} the accuracy of a network that guesses may well be: 2σ. */
  double noise() {
    return SELDOM * Math.sqrt(accuracy() * (1 - accuracy()) / images);
  }

  /**
   * Whether all weights of an epoch, raw and averaged, are no better.
   *
   * @return what to tell the user and what to do about it; empty if any are better
   */
  public Optional<String> verdict(EpochResult epoch) {
    return DoubleStream.concat(
                DoubleStream.of(epoch.raw().accuracy()),
                epoch.averages().stream()
                    .flatMap(average -> average.score().stream())
                    .mapToDouble(Score::accuracy))
            .anyMatch(accuracy -> accuracy > accuracy() + noise())
        ? Optional.empty()
        : Optional.of(
            String.format(
                Locale.ROOT,
                "No better than guessing (%.1f %%, ± %.1f of %d images): the network has not learnt"
                    + " yet. Train longer (--epochs), with smaller batches (-b 8) or another rate"
                    + " (--lr 0.001)",
                100 * accuracy(),
                100 * noise(),
                images));
  }
}
