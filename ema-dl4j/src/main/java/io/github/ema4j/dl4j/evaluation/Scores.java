// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.evaluation;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/**
 * The scores of several averages of one network on the same data, and of its raw weights.
 *
 * @param raw score of the network's own weights; NaN if their predictions are not finite
 * @param averages score of each average, in the order of the group; at least one
 * @param minimize whether the smallest score is best, rather than the largest
 */
public record Scores(double raw, List<Averaged> averages, boolean minimize) {

  /**
   * One average and its score.
   *
   * @param index its place in the group, from 0
   * @param schedule the textual form of its decay schedule
   * @param initialShare share of the initial weights still in it
   * @param score what the metric gave; NaN if the predictions are not finite
   */
  public record Averaged(int index, String schedule, double initialShare, double score) {}

  /**
   * Copies the list.
   *
   * @throws IllegalArgumentException if there are none
   */
  public Scores {
    averages = List.copyOf(averages);
    if (averages.isEmpty()) {
      throw new IllegalArgumentException("A comparison needs at least one average");
    }
  }

  /**
   * The best average: of equals the first, and one whose score is NaN only if all are.
   *
   * @return one of the averages
   */
  public Averaged best() {
    // NaN is the largest of all numbers to Double.compare.
    return averages.stream()
        .min(Comparator.comparingDouble(m -> minimize ? m.score() : -m.score()))
        .orElseThrow();
  }

  /** A table, the best average marked by a star. */
  @Override
  public String toString() {
    Averaged best = best();
    StringBuilder table = new StringBuilder(row(" ", "weights", "initial share", "score"));
    table.append(row(" ", "raw", "", number(raw)));
    for (Averaged average : averages) {
      table.append(
          row(
              average.equals(best) ? "*" : " ",
              average.schedule(),
              String.format(Locale.ROOT, "%.2f %%", 100 * average.initialShare()),
              number(average.score())));
    }
    return table.toString();
  }

  private static String row(String mark, String weights, String share, String score) {
    return String.format(Locale.ROOT, "%s %-32s %13s %12s%n", mark, weights, share, score);
  }

  private static String number(double score) {
    return Double.isFinite(score) ? String.format(Locale.ROOT, "%.6g", score) : "not finite";
  }
}
