// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.record;

import io.github.ema4j.train.error.Printable;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What has come of a run, in words.
 *
 * @param headline accuracies of raw and averaged weights after the last epoch, and their difference
 * @param explanations sentences about it
 */
record Verdict(String headline, List<String> explanations) {

  Verdict {
    explanations = List.copyOf(explanations);
  }

  /**
   * Judges a run by its last epoch.
   *
   * @param epochs in their order
   * @param findings what else is known of it
   */
  static Verdict of(List<EpochResult> epochs, RunFindings findings) {
    if (epochs.isEmpty()) {
      return new Verdict("No epoch is done yet.", List.of());
    }
    EpochResult last = epochs.get(epochs.size() - 1);
    List<String> explanations = new ArrayList<>();
    Optional<String> wrong =
        findings
            .divergence()
            .map(how -> "The raw weights diverged: " + how)
            .or(() -> findings.guessing().verdict(last));
    wrong.ifPresent(what -> explanations.add(what + "."));
    if (wrong.isEmpty()) { // otherwise the average is not what matters
      last.averages()
          .forEach(
              average ->
                  average
                      .gain()
                      .ifPresent(
                          gain ->
                              explanations.add(called(average) + ": " + gain.forecast() + ".")));
    }
    if (last.averages().isEmpty()) {
      explanations.add("No average was kept: --model-ema keeps one.");
    }
    if (!findings.unreadable().isEmpty()) {
      explanations.add(
          "%d images could not be read and were left out: %s."
              .formatted(
                  findings.unreadable().size(),
                  Printable.of(String.join(", ", findings.unreadable()))));
    }
    return new Verdict(headline(last, findings.divergence().isPresent()), explanations);
  }

  private static String headline(EpochResult last, boolean diverged) {
    Optional<AveragedResult> best =
        last.averages().stream()
            .filter(average -> !Double.isNaN(accuracy(average)))
            .max(Comparator.comparingDouble(Verdict::accuracy));
    double raw = last.raw().accuracy();
    if (best.isEmpty()) {
      String scored = diverged ? "the raw weights diverged" : "raw " + percent(raw, 1);
      return last.averages().isEmpty()
          ? Character.toUpperCase(scored.charAt(0)) + scored.substring(1)
          : "EMA not scored yet, " + scored;
    }
    double averaged = accuracy(best.get());
    if (diverged || Double.isNaN(raw)) {
      return called(best.get()) + ": " + percent(averaged, 1) + ", the raw weights diverged";
    }
    int digits = digits(raw, averaged);
    return "%s: %s, raw %s: %s points"
        .formatted(
            called(best.get()),
            percent(averaged, digits),
            percent(raw, digits),
            signed(averaged - raw, digits));
  }

  /** One, unless the rounded difference is not that of the rounded accuracies. */
  private static int digits(double raw, double averaged) {
    BigDecimal difference = points(averaged, 1).subtract(points(raw, 1));
    return difference.compareTo(points(averaged - raw, 1)) == 0 ? 1 : 2;
  }

  private static BigDecimal points(double share, int digits) {
    return BigDecimal.valueOf(100 * share).setScale(digits, RoundingMode.HALF_UP);
  }

  private static String percent(double share, int digits) {
    return Double.isNaN(share) ? "not scored" : points(share, digits) + " %";
  }

  private static String signed(double share, int digits) {
    return String.format(Locale.ROOT, "%+." + digits + "f", points(share, digits));
  }

  private static double accuracy(AveragedResult average) {
    return average.score().map(Score::accuracy).orElse(Double.NaN);
  }

  private static String called(AveragedResult average) {
    return "EMA " + average.name();
  }
}
