// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.report;

import java.util.Locale;

/** {@link EpochMetrics} as lines of text for people. */
public final class MetricsTable {
  /** The line above the rows. */
  public static final String HEADER =
      "epoch   training loss   raw accuracy   averaged accuracy   initial share";

  private MetricsTable() {}

  /** One line. */
  public static String row(EpochMetrics metrics) {
    return String.format(
        Locale.ROOT,
        "%5d   %13.4f   %12s   %17s   %11.2f %%",
        metrics.epoch(),
        metrics.loss(),
        percent(metrics.rawAccuracy()),
        percent(metrics.averagedAccuracy()),
        100 * metrics.initialShare());
  }

  private static String percent(double share) {
    return Double.isNaN(share) ? "not finite" : String.format(Locale.ROOT, "%.2f %%", 100 * share);
  }

  /** The outcome in one sentence. */
  public static String summary(EpochMetrics last) {
    if (Double.isNaN(last.rawAccuracy())) {
      return "The raw weights have diverged; accuracy of the averaged weights "
          + percent(last.averagedAccuracy());
    }
    return String.format(
        Locale.ROOT,
        "Accuracy of the raw weights %.2f %%, of the averaged weights %.2f %% (%+.2f points)",
        100 * last.rawAccuracy(),
        100 * last.averagedAccuracy(),
        100 * (last.averagedAccuracy() - last.rawAccuracy()));
  }
}
