// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.experiments;

import io.github.ema4j.examples.experiments.statistics.Spread;
import java.util.Arrays;

/** The results of an experiment as a table in Markdown. */
final class ResultTable {
  private ResultTable() {}

  /**
   * One row for the raw weights and one per average; the gain is that over the raw weights of the
   * same seed.
   *
   * @param results of at least two trials
   */
  static String of(Results results) {
    StringBuilder table = new StringBuilder();
    table.append("| weights | accuracy (%) | loss | gain (points) | better than raw |\n");
    table.append("| --- | --- | --- | --- | --- |\n");
    table.append("| raw | %s | | |\n".formatted(scores(results.raw(), results.rawLosses())));
    for (String average : results.averages()) {
      double[] gains = results.gains(average);
      table.append(
          "| %s | %s | %s | %s of %s seeds |\n"
              .formatted(
                  average,
                  scores(results.accuracies(average), results.losses(average)),
                  Spread.of(gains).signed(2),
                  Arrays.stream(gains).filter(gain -> gain > 0).count(),
                  gains.length));
    }
    return table.toString();
  }

  private static String scores(double[] accuracies, double[] losses) {
    return Spread.of(accuracies).text(2) + " | " + Spread.of(losses).text(3);
  }
}
