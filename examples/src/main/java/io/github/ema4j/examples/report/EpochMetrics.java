// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.report;

import io.github.ema4j.dl4j.evaluation.Comparison;
import io.github.ema4j.dl4j.evaluation.EvaluationResult;
import org.nd4j.evaluation.classification.Evaluation;

/**
 * What one epoch of training led to.
 *
 * @param epoch from 1
 * @param loss mean training loss over the epoch
 * @param rawAccuracy accuracy of the trained network on the test images, 0 to 1; NaN if it has
 *     diverged
 * @param averagedAccuracy accuracy of its averaged weights on the same images, 0 to 1
 * @param initialShare the share of the initial weights still in the average, 0 to 1
 */
public record EpochMetrics(
    int epoch, double loss, double rawAccuracy, double averagedAccuracy, double initialShare) {

  /**
   * The row of an epoch.
   *
   * @param comparison of raw and averaged weights after it, by {@link Evaluation}
   */
  public static EpochMetrics of(int epoch, double loss, Comparison comparison) {
    return new EpochMetrics(
        epoch,
        loss,
        accuracy(comparison.raw()),
        accuracy(comparison.averaged()),
        comparison.averages().get(0).initialShare());
  }

  private static double accuracy(EvaluationResult result) {
    return result.score(finite -> finite.get(Evaluation.class).accuracy());
  }
}
