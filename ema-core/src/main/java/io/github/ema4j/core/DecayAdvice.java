// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Locale;
import java.util.Optional;

/**
 * Whether a decay suits the length of a run. An average that reaches back further than the run is
 * still made of the initial weights, which is the commonest mistake with averaged weights.
 */
public final class DecayAdvice {

  /**
   * Above it the initial weights are felt in what the averaged network does. Batch norm is the
   * touchstone: it starts with a variance of 1, of which a few percent are as much as the variances
   * of a few hundredths that many channels have.
   */
  static final double TOLERABLE_INITIAL_SHARE = 0.01;

  private static final double LARGEST_RECOMMENDED = 0.9999;

  /** The recommended window is a twentieth of the run. */
  private static final long STEPS_PER_WINDOW = 20;

  /** Below it a recommended decay is too short to average anything. */
  private static final double SMALLEST_WORTH_NAMING = 0.5;

  private DecayAdvice() {}

  /**
   * A constant decay that suits a run: {@code 1 - 20 / steps}, at most 0.9999, so that the average
   * reaches back over a twentieth of it. Where the learning rate is annealed, a hundredth is
   * enough.
   *
   * @param plannedSteps optimizer steps in the whole run, at least 1, however many of them an
   *     update stands for; where the decay does not account for that ({@link
   *     AveragingConfig#correctDecayForInterval} is false) the updates
   * @return in [0, 0.9999]; 0.99 for 2,000 steps
   * @throws IllegalArgumentException if below 1
   */
  public static double recommendedDecay(long plannedSteps) {
    if (plannedSteps < 1) {
      throw new IllegalArgumentException(
          "plannedSteps must be at least 1, but was " + plannedSteps);
    }
    return Math.max(0, Math.min(LARGEST_RECOMMENDED, 1 - (double) STEPS_PER_WINDOW / plannedSteps));
  }

  /**
   * The decay per optimizer step, or example, that an average had come to at its last update,
   * whatever the number of steps that this stood for.
   *
   * @param config how it averages
   * @param counters how far it has come
   * @return in [0, 1]; NaN before the first update
   */
  public static double stepDecay(AveragingConfig config, AverageCounters counters) {
    if (counters.updates() == 0) {
      return Double.NaN;
    }
    return config.correctDecayForInterval()
        ? config.schedule().decayAt(counters.averagedSteps())
        : Math.pow(counters.decay(), (double) counters.updates() / counters.averagedSteps());
  }

  /**
   * What to change about an average that is still made of the initial weights. It names decays as
   * they are set: per optimizer step or example, or per update where the decay does not account for
   * the steps of one ({@link AveragingConfig#correctDecayForInterval} is false).
   *
   * @param config how it averages
   * @param counters how far it has come
   * @return a sentence; empty before the first update, and where the initial share is at most 0.01
   */
  public static Optional<String> about(AveragingConfig config, AverageCounters counters) {
    if (counters.updates() == 0 || counters.initialShare() <= TOLERABLE_INITIAL_SHARE) {
      return Optional.empty();
    }
    boolean perStep = config.correctDecayForInterval();
    long count = perStep ? counters.averagedSteps() : counters.updates();
    return Optional.of(
        String.format(
            Locale.ROOT,
            "At decay %s after %,d %s%s the average is still %.0f %% initial weights: train"
                + " longer, use a schedule that fits any run (DecaySchedule.powerFunction(0.05))%s",
            text(perStep ? stepDecay(config, counters) : counters.decay()),
            count,
            perStep ? config.unit().singular() : "update",
            count == 1 ? "" : "s",
            100 * counters.initialShare(),
            alternative(config.unit(), count)));
  }

  /** In examples the largest decay that is recommended for steps would be a short one. */
  private static String alternative(AveragingUnit unit, long count) {
    double decay = recommendedDecay(count);
    if (decay < SMALLEST_WORTH_NAMING) {
      return "";
    }
    return (unit == AveragingUnit.EXAMPLES
            ? String.format(Locale.ROOT, " or DecaySchedule.window(%d)", count / STEPS_PER_WINDOW)
            : " or a decay of " + text(decay))
        + " for a run of this length";
  }

  /**
   * A decay in as few digits as it is told apart with from 0, from 1 and from others: with two
   * significant ones of {@code 1 - decay}, or of a decay below a half.
   *
   * @param decay in [0, 1]
   * @return such as 0.001, 0.78, 0.998 or 0.99987
   */
  public static String text(double decay) {
    if (decay < 0.5) {
      return new BigDecimal(decay).round(new MathContext(2)).stripTrailingZeros().toPlainString();
    }
    BigDecimal weight = new BigDecimal(1 - decay).round(new MathContext(2));
    return BigDecimal.ONE.subtract(weight).stripTrailingZeros().toPlainString();
  }
}
