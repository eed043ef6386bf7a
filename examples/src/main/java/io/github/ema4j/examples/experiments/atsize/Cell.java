// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.experiments.atsize;

/**
 * One training run of the table.
 *
 * @param labels those that are trained on
 * @param method how the weights are updated
 * @param seed of wrong labels, batches and initial weights
 */
record Cell(Labels labels, Method method, long seed) {

  /** As in the names of files. */
  @Override
  public String toString() {
    return labels + "-" + method + "-" + seed;
  }
}
