// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

/** What the decay counts, and so how far back an average reaches. */
public enum Horizon {
  /**
   * Iterations as Deeplearning4j counts them, also for learning-rate schedules: a round of k
   * minibatches per worker is k iterations, and the average moves by {@code decay^k}. The same
   * decay then reaches back as many steps of one worker as it does without Spark.
   */
  ITERATIONS,

  /**
   * Minibatches of all workers: a round of k minibatches for each of w workers moves the average by
   * {@code decay^(k w)}. The same decay then reaches back over as many examples as it does on one
   * machine, where every minibatch is an iteration (Busbridge et al. 2023, arXiv 2307.13813).
   */
  EXAMPLES
}
