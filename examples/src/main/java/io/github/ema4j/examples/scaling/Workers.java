// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.scaling;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Many workers that each do stochastic gradient descent on the same small problem, from weights
 * that are averaged over all of them at the end of each round. The loss in each coordinate is
 * {@code curvature * (x^2 / 2 + x^4 / 4)}; the quartic term makes the mean of the workers depend on
 * when they are averaged, as it does in a network. Each gradient has normal noise of its own.
 */
final class Workers {

  static final int DIMENSION = 4;

  private static final double LEARNING_RATE = 0.1;
  private static final double NOISE = 0.1;

  /** From slow to fast: in a few thousand iterations the first has not arrived, the last has. */
  private static final double[] CURVATURES = {0.002, 0.005, 0.01, 0.02};

  private static final double START = 1;

  private final double[][] weights;
  private final SplittableRandom[] random;
  private final double[] mean = new double[DIMENSION];

  Workers(int count, long seed) {
    weights = new double[count][DIMENSION];
    random = new SplittableRandom[count];
    SplittableRandom seeds = new SplittableRandom(seed);
    for (int i = 0; i < count; i++) {
      random[i] = seeds.split();
    }
    Arrays.fill(mean, START);
    agree();
  }

  /** One iteration of every worker. */
  void iterate() {
    Arrays.fill(mean, 0);
    for (int i = 0; i < weights.length; i++) {
      for (int d = 0; d < DIMENSION; d++) {
        double x = weights[i][d];
        double gradient = CURVATURES[d] * (x + x * x * x) + NOISE * random[i].nextGaussian();
        weights[i][d] = x - LEARNING_RATE * gradient;
        mean[d] += weights[i][d] / weights.length;
      }
    }
  }

  /** The end of a round: every worker goes on from the mean. */
  void agree() {
    for (double[] worker : weights) {
      System.arraycopy(mean, 0, worker, 0, DIMENSION);
    }
  }

  /** The mean of the workers' weights now, whether or not they have agreed on it. */
  double[] mean() {
    return mean;
  }
}
