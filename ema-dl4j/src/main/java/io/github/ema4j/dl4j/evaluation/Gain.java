// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.evaluation;

import java.util.Locale;

/**
 * What the average of a classifier is worth at one moment of training, and what that says about the
 * rest of it. From {@link Comparison#gain()}, or {@link #of} two evaluations.
 *
 * @param examples how many were evaluated
 * @param onlyRaw those that only the raw weights got right
 * @param onlyAveraged those that only the averaged weights got right
 * @param differing those that the two took for different classes
 * @param rawCalibrationError of the raw weights, see {@link ClassPredictions#calibrationError}
 * @param averagedCalibrationError of the averaged weights
 */
public record Gain(
    long examples,
    long onlyRaw,
    long onlyAveraged,
    long differing,
    double rawCalibrationError,
    double averagedCalibrationError) {

  /** A difference of that many points and above matters; one has to be able to see it. */
  private static final double MATTERS = 0.01;

  /**
   * Checks the counts.
   *
   * @throws IllegalArgumentException if they cannot be those of so many examples
   */
  public Gain {
    if (examples < 1
        || onlyRaw < 0
        || onlyAveraged < 0
        || onlyRaw + onlyAveraged > differing
        || differing > examples) {
      throw new IllegalArgumentException(
          "Of %d examples %d cannot be right by the raw weights only and %d by the averaged only, with %d predicted otherwise"
              .formatted(examples, onlyRaw, onlyAveraged, differing));
    }
  }

  /**
   * Compares what two sets of weights made of the same examples, in the same order.
   *
   * @param raw of the raw weights
   * @param averaged of the averaged weights
   * @return the gain
   * @throws IllegalArgumentException if the examples were others or in another order, or there were
   *     none
   */
  public static Gain of(ClassPredictions raw, ClassPredictions averaged) {
    return raw.gainOf(averaged);
  }

  /**
   * By how much the averaged weights are more accurate.
   *
   * @return -1 to 1; 0.01 is a point
   */
  public double accuracy() {
    return (double) (onlyAveraged - onlyRaw) / examples;
  }

  /**
   * The standard error of {@link #accuracy}. Both weights see the same examples, so only those
   * count that one of them gets right and the other wrong (as in McNemar's test): {@code
   * sqrt(onlyRaw + onlyAveraged) / examples}.
   *
   * @return at least 0
   */
  public double standardError() {
    return Math.sqrt((double) (onlyRaw + onlyAveraged)) / examples;
  }

  /**
   * What the difference may be at most where none is seen: two standard errors, and where no
   * example tells the two apart three in {@link #examples} (the rule of three).
   */
  private double largestDifference() {
    return 2 * Math.sqrt(onlyRaw + onlyAveraged + 2.25) / examples;
  }

  /**
   * The share of the examples that the two take for different classes.
   *
   * @return 0 to 1
   */
  public double churn() {
    return (double) differing / examples;
  }

  /**
   * What the gain says about the rest of the training. The average takes from the weights the noise
   * of the last steps, as annealing the learning rate would, so how much one gives tells how much
   * the other would (Li et al. 2025, arXiv 2505.12082). Where there is nothing to gain, the weights
   * rest.
   *
   * @return a sentence without a full stop
   */
  public String forecast() {
    double points = 100 * accuracy();
    double error = 100 * standardError();
    if (accuracy() > 2 * standardError()) {
      return text(
          "the average is %.1f points better (± %.1f): annealing the learning rate now would give about as much",
          points, error);
    }
    if (accuracy() < -2 * standardError()) {
      return text(
          "the average is %.1f points worse (± %.1f): it reaches back to weights that were worse than those of now",
          -points, error);
    }
    if (differing == 0 && largestDifference() >= MATTERS) {
      return text(
          "the weights and their average predict the same for all %,d examples, too few to show a difference of less than %.1f points",
          examples, 100 * largestDifference());
    }
    return largestDifference() < MATTERS
        ? text(
            "the weights have come to rest (a difference of %.1f ± %.1f points): averaging and annealing have nothing left to give",
            Math.abs(points), error)
        : text(
            "%,d examples do not show whether the average is better (%.1f ± %.1f points): evaluate on more",
            examples, points, error);
  }

  /** The forecast, churn and calibration errors in one line. */
  @Override
  public String toString() {
    return forecast()
        + text(
            "; %.1f %% of the predictions differ, calibration error %.1f %% raw, %.1f %% averaged",
            100 * churn(), 100 * rawCalibrationError, 100 * averagedCalibrationError);
  }

  private static String text(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
