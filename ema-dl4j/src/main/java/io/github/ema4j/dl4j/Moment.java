// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

/**
 * Where in a fit a network is, as far as its counters are concerned. Deeplearning4j calls its
 * listeners before it counts, so a listener that stores counters must add what is not counted yet.
 */
public enum Moment {
  /** Outside {@code fit}, or at the start of an epoch: all counters are right. */
  BETWEEN_FITS(0, 0),
  /**
   * In {@code iterationDone}: the update is in the parameters, but the iteration is not counted and
   * constraints are not applied yet.
   */
  ITERATION_DONE(1, 0),
  /** In {@code onEpochEnd}: the epoch is not counted yet. */
  EPOCH_END(0, 1),
  /**
   * After the gradients and before {@code iterationDone} has reached the average: parameters and
   * average may be one update apart.
   */
  UPDATING(0, 0);

  private final int uncountedIterations;
  private final int uncountedEpochs;

  Moment(int uncountedIterations, int uncountedEpochs) {
    this.uncountedIterations = uncountedIterations;
    this.uncountedEpochs = uncountedEpochs;
  }

  /**
   * Iterations that Deeplearning4j has done and not counted.
   *
   * @return 0 or 1
   */
  public int uncountedIterations() {
    return uncountedIterations;
  }

  /**
   * Epochs that Deeplearning4j has done and not counted.
   *
   * @return 0 or 1
   */
  public int uncountedEpochs() {
    return uncountedEpochs;
  }
}
