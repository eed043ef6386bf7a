// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.record;

import io.github.ema4j.dl4j.evaluation.Gain;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * One average of the weights at the end of an epoch.
 *
 * @param name tells it from the run's other averages, for example {@code 0.99}; not blank
 * @param schedule how its decay is scheduled, in words or as the library writes it
 * @param decay of its last update, in [0, 1]; 0 before the first
 * @param initialShare share of the initial weights still in it, 0 to 1
 * @param distance from the raw weights, relative to their norm; empty if not measured
 * @param restores times so far that it was put into the network, as the raw weights were not finite
 * @param score of the averaged weights; empty before the first update or if not validated
 * @param gain over the raw weights; empty like the score, and where one of the two has diverged
 */
public record AveragedResult(
    String name,
    String schedule,
    double decay,
    double initialShare,
    OptionalDouble distance,
    long restores,
    Optional<Score> score,
    Optional<Gain> gain) {

  /** Below it nothing but 0.0 % would be shown. */
  private static final double SMALLEST_SHARE = 0.0005;

  /** Whether the initial weights are still worth a word: they are 0.05 % of it, or more. */
  public boolean holdsInitialWeights() {
    return initialShare >= SMALLEST_SHARE;
  }

  /** One that was never put into the network. */
  public AveragedResult(
      String name,
      String schedule,
      double decay,
      double initialShare,
      OptionalDouble distance,
      Optional<Score> score,
      Optional<Gain> gain) {
    this(name, schedule, decay, initialShare, distance, 0, score, gain);
  }

  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException if one is outside its range
   */
  public AveragedResult {
    Objects.requireNonNull(schedule, "schedule");
    Objects.requireNonNull(score, "score");
    Objects.requireNonNull(gain, "gain");
    if (name.isBlank()) {
      throw new IllegalArgumentException("an average has no name");
    }
    requireShare("decay", decay);
    requireShare("initial share", initialShare);
    if (restores < 0) {
      throw new IllegalArgumentException("restores " + restores + " is not >= 0");
    }
    if (distance.isPresent() && !(distance.getAsDouble() >= 0)) {
      throw new IllegalArgumentException("distance " + distance.getAsDouble() + " is not >= 0");
    }
  }

  /** Without a comparison with the raw weights. */
  public AveragedResult(
      String name,
      String schedule,
      double decay,
      double initialShare,
      OptionalDouble distance,
      Optional<Score> score) {
    this(name, schedule, decay, initialShare, distance, score, Optional.empty());
  }

  private static void requireShare(String what, double value) {
    if (!(value >= 0 && value <= 1)) {
      throw new IllegalArgumentException(what + " " + value + " is not in 0 to 1");
    }
  }
}
