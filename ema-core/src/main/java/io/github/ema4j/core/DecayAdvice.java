// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core;

import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.util.Locale;
import java.util.Optional;

/**
 * Whether a decay suits the length of a run. An average that reaches back further than the run is
 * still made of the initial weights, which is the commonest mistake with averaged weights.
 */
public final class DecayAdvice {

  /** Above it the initial weights are felt in what the averaged network does. */
  private static final double TOLERABLE_INITIAL_SHARE = 0.1;

  private static final double LARGEST_RECOMMENDED = 0.9999;

  /** Below it a recommended decay is too short to average anything. */
  private static final double SMALLEST_WORTH_NAMING = 0.5;

  private DecayAdvice() {}

  /**
   * The largest constant decay that suits a run: {@code 1 - 4 / updates}, at most 0.9999. The
   * initial weights then end with a share of about 2 %.
   *
   * @param plannedUpdates updates of the average in the whole run, at least 1
   * @return in [0, 0.9999]; 0.998 for 2,000 updates
   * @throws IllegalArgumentException if below 1
   */
  public static double recommendedDecay(long plannedUpdates) {
    if (plannedUpdates < 1) {
      throw new IllegalArgumentException(
          "plannedUpdates must be at least 1, but was " + plannedUpdates);
    }
    return Math.max(0, Math.min(LARGEST_RECOMMENDED, 1 - 4.0 / plannedUpdates));
  }

  /**
   * What to change about an average that is still made of the initial weights.
   *
   * @param counters how far it has come
   * @return a sentence; empty before the first update, and where the initial share is at most 0.1
   */
  public static Optional<String> about(AverageCounters counters) {
    if (counters.updates() == 0 || counters.initialShare() <= TOLERABLE_INITIAL_SHARE) {
      return Optional.empty();
    }
    double recommended = recommendedDecay(counters.updates());
    return Optional.of(
        String.format(
            Locale.ROOT,
            "At decay %s after %,d update%s the average is still %.0f %% initial weights: train"
                + " longer, use a warm-up (DecaySchedule.inversePower)%s",
            decimal(counters.decay()),
            counters.updates(),
            counters.updates() == 1 ? "" : "s",
            100 * counters.initialShare(),
            recommended < SMALLEST_WORTH_NAMING
                ? ""
                : " or a decay of " + decimal(recommended) + " for a run of this length"));
  }

  private static String decimal(double decay) {
    return new DecimalFormat("0.######", DecimalFormatSymbols.getInstance(Locale.ROOT))
        .format(decay);
  }
}
