// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.experiments;

import static io.github.ema4j.examples.experiments.Results.greatest;
import static io.github.ema4j.examples.experiments.Results.least;
import static io.github.ema4j.examples.experiments.Results.mean;

import io.github.ema4j.examples.experiments.statistics.Spread;
import java.util.List;
import java.util.function.Predicate;

/**
 * What {@code docs/experiments.md} says of an experiment, in a form that a run of it can confirm or
 * refute. The digits of its tables differ from one processor to another; this may not.
 *
 * @param sentence as it stands on the page
 * @param test whether results bear it out
 */
record Claim(String sentence, Predicate<Results> test) {

  boolean holdsFor(Results results) {
    return test.test(results);
  }

  static Claim everyAverageIsBetter(List<String> averages) {
    return new Claim(
        "Every average is better than the raw weights, from every seed.",
        results -> averages.stream().allMatch(average -> least(results.gains(average)) > 0));
  }

  static Claim isBetter(String average) {
    return new Claim(
        average + " is better than the raw weights from every seed.",
        results -> least(results.gains(average)) > 0);
  }

  static Claim isWorse(String average) {
    return new Claim(
        average + " is worse than the raw weights from every seed.",
        results -> greatest(results.gains(average)) < 0);
  }

  static Claim isAlwaysAboveRaw(String average) {
    return new Claim(
        "With " + average + " the worst seed is better than the best of the raw weights.",
        results -> least(results.accuracies(average)) > greatest(results.raw()));
  }

  static Claim variesLess(String average) {
    return new Claim(
        "From seed to seed " + average + " varies less than half as much as the raw weights.",
        results ->
            Spread.of(results.accuracies(average)).deviation()
                < Spread.of(results.raw()).deviation() / 2);
  }

  static Claim givesMostOfTheGain(String brief, String best) {
    return new Claim(
        "%s gives more than half of what %s gains.".formatted(brief, best),
        results -> mean(results.gains(brief)) > mean(results.gains(best)) / 2);
  }

  static Claim gainsNothing(String average, double points) {
    return new Claim(
        "%s gains or loses less than %s points in the mean.".formatted(average, points),
        results -> Math.abs(mean(results.gains(average))) < points);
  }

  static Claim isAsGoodAs(String average, String other, double points) {
    return new Claim(
        "%s is as good as %s, or no more than %s points worse in the mean."
            .formatted(average, other, points),
        results -> mean(results.gains(average)) > mean(results.gains(other)) - points);
  }

  static Claim hasTheLargerLoss(String average, String other) {
    return new Claim(
        "%s has a larger loss than %s from every seed.".formatted(average, other),
        results -> least(minus(results.losses(average), results.losses(other))) > 0);
  }

  private static double[] minus(double[] a, double[] b) {
    double[] difference = new double[a.length];
    for (int i = 0; i < a.length; i++) {
      difference[i] = a[i] - b[i];
    }
    return difference;
  }
}
