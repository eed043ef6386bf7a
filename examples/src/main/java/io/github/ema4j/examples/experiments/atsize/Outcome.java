// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.experiments.atsize;

import java.util.List;

/**
 * What came of one training run.
 *
 * @param system that trained, such as {@link Outcomes#EMA4J}
 * @param cell the run
 * @param settings those of the table
 * @param updates how often the weights were updated
 * @param batches CRC-32 of the labels in the order in which they were trained on, a byte for each:
 *     equal in two systems that trained on the same batches
 * @param seconds of processor time, evaluation included
 * @param scores one for each set of weights, the raw ones first
 */
record Outcome(
    String system,
    Cell cell,
    Settings settings,
    long updates,
    long batches,
    double seconds,
    List<Score> scores) {

  /** Of the weights that were trained. */
  static final String RAW = "raw";

  Outcome {
    scores = List.copyOf(scores);
  }

  /**
   * What one set of weights gave on the test images.
   *
   * @param weights their name
   * @param accuracy 0 to 1
   * @param loss mean cross-entropy
   * @param calibrationError over 15 bins, 0 to 1
   */
  record Score(String weights, double accuracy, double loss, double calibrationError) {}

  /**
   * The score of a set of weights.
   *
   * @throws IllegalArgumentException if there is none of that name
   */
  Score of(String weights) {
    return scores.stream()
        .filter(score -> score.weights().equals(weights))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("%s has no '%s'".formatted(cell, weights)));
  }
}
