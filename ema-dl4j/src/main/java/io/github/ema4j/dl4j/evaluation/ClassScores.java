// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.evaluation;

import org.nd4j.evaluation.classification.Evaluation;

/**
 * Scores of a classifier for data with rare classes, as they are usually defined, and as
 * scikit-learn computes them.
 *
 * <pre>{@code
 * BestModels.maximizing(
 *     directory, net, evaluator, result -> ClassScores.macroF1(result.get(Evaluation.class)));
 * }</pre>
 *
 * <p>{@code Evaluation.f1()}, {@code precision()} and {@code recall()} leave out the classes of
 * which they would be 0 / 0, such as one that was never predicted. So a network that has collapsed
 * to predicting one class of three looks like a good one: 0.5 rather than 0.17.
 */
public final class ClassScores {

  private ClassScores() {}

  /**
   * The mean of the F1 of all classes that are in the labels or were predicted: {@code 2 tp / (2 tp
   * + fp + fn)}, which is 0 for a class that was never predicted.
   *
   * @param evaluation filled
   * @return 0 to 1
   * @throws IllegalArgumentException if nothing was evaluated
   */
  public static double macroF1(Evaluation evaluation) {
    int classes = classes(evaluation);
    double sum = 0;
    int counted = 0;
    for (int i = 0; i < classes; i++) {
      double twice = 2.0 * evaluation.getTruePositives().getCount(i);
      double all =
          twice
              + evaluation.getFalsePositives().getCount(i)
              + evaluation.getFalseNegatives().getCount(i);
      if (all > 0) {
        sum += twice / all;
        counted++;
      }
    }
    return sum / counted;
  }

  /**
   * The mean of the recalls of all classes that are in the labels: what the accuracy would be if
   * each had as many examples.
   *
   * @param evaluation filled
   * @return 0 to 1
   * @throws IllegalArgumentException if nothing was evaluated
   */
  public static double balancedAccuracy(Evaluation evaluation) {
    int classes = classes(evaluation);
    double sum = 0;
    int counted = 0;
    for (int i = 0; i < classes; i++) {
      double found = evaluation.getTruePositives().getCount(i);
      double all = found + evaluation.getFalseNegatives().getCount(i);
      if (all > 0) {
        sum += found / all;
        counted++;
      }
    }
    return sum / counted;
  }

  private static int classes(Evaluation evaluation) {
    if (evaluation.getNumRowCounter() == 0) {
      throw new IllegalArgumentException(
          "This Evaluation has seen no examples, so there is nothing to score");
    }
    return evaluation.getConfusionMatrix().getClasses().size();
  }
}
