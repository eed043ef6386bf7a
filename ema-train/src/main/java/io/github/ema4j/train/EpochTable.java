// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import io.github.ema4j.train.record.AveragedResult;
import io.github.ema4j.train.record.Decay;
import io.github.ema4j.train.record.EpochResult;
import io.github.ema4j.train.record.Score;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The end of an epoch as lines to read: the raw weights, and each average below them. */
final class EpochTable {
  private static final String EOL = System.lineSeparator();

  private EpochTable() {}

  static String rows(EpochResult epoch, int epochs) {
    StringBuilder rows = new StringBuilder();
    rows.append(
        String.format(
            Locale.ROOT,
            "epoch %d/%d done in %s: train loss %.4f, learning rate %.4g%n",
            epoch.epoch(),
            epochs,
            Progress.duration(epoch.seconds()),
            epoch.trainLoss(),
            epoch.learningRate()));
    rows.append(row("raw", epoch.raw())).append(EOL);
    for (AveragedResult average : epoch.averages()) {
      rows.append(
              average
                  .score()
                  .map(score -> row("ema " + average.name(), score))
                  .orElse(String.format("  %-16s not updated yet", "ema " + average.name())))
          .append(
              String.format(
                  Locale.ROOT,
                  "  decay %s%s%s%n",
                  Decay.text(average.decay()),
                  average.holdsInitialWeights()
                      ? String.format(
                          Locale.ROOT, "  initial share %.1f %%", 100 * average.initialShare())
                      : "",
                  average.restores() == 0 ? "" : "  restored " + average.restores()));
    }
    forecast(epoch.averages()).ifPresent(line -> rows.append("  ").append(line).append(EOL));
    return rows.toString();
  }

  /** What the average of the largest gain says of the rest of the training. */
  private static Optional<String> forecast(List<AveragedResult> averages) {
    return averages.stream()
        .filter(average -> average.gain().isPresent())
        .max(Comparator.comparingDouble(average -> average.gain().get().accuracy()))
        .map(
            best ->
                (averages.size() > 1 ? "ema " + best.name() + ": " : "")
                    + best.gain().get().forecast());
  }

  static String row(String weights, Score score) {
    return String.format(
        Locale.ROOT,
        "  %-16s accuracy %6.2f %%  loss %.4f",
        weights,
        100 * score.accuracy(),
        score.loss());
  }
}
