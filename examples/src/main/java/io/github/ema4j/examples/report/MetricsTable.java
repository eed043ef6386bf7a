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
        "%5d   %13.4f   %10.2f %%   %15.2f %%   %11.2f %%",
        metrics.epoch(),
        metrics.loss(),
        100 * metrics.rawAccuracy(),
        100 * metrics.averagedAccuracy(),
        100 * metrics.initialShare());
  }

  /** The outcome in one sentence. */
  public static String summary(EpochMetrics last) {
    return String.format(
        Locale.ROOT,
        "Accuracy of the raw weights %.2f %%, of the averaged weights %.2f %% (%+.2f points)",
        100 * last.rawAccuracy(),
        100 * last.averagedAccuracy(),
        100 * (last.averagedAccuracy() - last.rawAccuracy()));
  }
}
