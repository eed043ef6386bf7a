// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.evaluation;

import java.util.Optional;

/**
 * Raw and averaged weights, evaluated on the same data at the same moment of training.
 *
 * @param iteration iterations the network had made
 * @param epoch epochs the network had completed
 * @param updateCount updates of the average
 * @param decay decay of the last update, NaN before the first
 * @param initialShare share of the initial weights still in the average, 1 before the first update
 * @param raw the network's own weights
 * @param averaged the averaged weights; empty before the first update, when they would be the
 *     initial ones
 */
public record Comparison(
    int iteration,
    int epoch,
    long updateCount,
    double decay,
    double initialShare,
    EvaluationResult raw,
    Optional<EvaluationResult> averaged) {

  Comparison at(int iteration, int epoch) {
    return new Comparison(iteration, epoch, updateCount, decay, initialShare, raw, averaged);
  }
}
