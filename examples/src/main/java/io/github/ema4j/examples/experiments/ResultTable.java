// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.experiments;

import io.github.ema4j.train.record.Score;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/** The trials of an experiment as a table in Markdown. */
final class ResultTable {
  private ResultTable() {}

  /**
   * One row for the raw weights and one per average; the gain is that over the raw weights of the
   * same seed.
   *
   * @param averages names of the averages
   * @param trials at least two
   */
  static String of(List<String> averages, List<Trial> trials) {
    StringBuilder table = new StringBuilder();
    table.append("| weights | accuracy (%) | loss | gain (points) | better than raw |\n");
    table.append("| --- | --- | --- | --- | --- |\n");
    table.append("| raw | %s | | |\n".formatted(scores(trials, Trial::raw)));
    for (int i = 0; i < averages.size(); i++) {
      int index = i;
      double[] gains =
          trials.stream()
              .mapToDouble(t -> t.averaged().get(index).accuracy() - t.raw().accuracy())
              .map(gain -> 100 * gain)
              .toArray();
      long better = trials.stream().filter(t -> isBetter(t, index)).count();
      table.append(
          "| %s | %s | %s | %s of %s seeds |\n"
              .formatted(
                  averages.get(i),
                  scores(trials, trial -> trial.averaged().get(index)),
                  Spread.of(gains).signed(2),
                  better,
                  trials.size()));
    }
    return table.toString();
  }

  private static boolean isBetter(Trial trial, int average) {
    return trial.averaged().get(average).accuracy() > trial.raw().accuracy();
  }

  private static String scores(List<Trial> trials, Function<Trial, Score> weights) {
    return spread(trials, trial -> 100 * weights.apply(trial).accuracy()).text(2)
        + " | "
        + spread(trials, trial -> weights.apply(trial).loss()).text(3);
  }

  private static Spread spread(List<Trial> trials, ToDoubleFunction<Trial> value) {
    return Spread.of(trials.stream().mapToDouble(value).toArray());
  }
}
