// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What decides which minibatches a round trains on and how far it moves the average: a run must be
 * resumed with the same.
 *
 * @param workers that a round is divided among
 * @param averagingFrequency minibatches of each worker in a round
 * @param batchSizePerWorker examples in a minibatch
 * @param examplesPerDataSet examples in each object of the data
 * @param horizon what the decay counts
 * @param everyStep whether the workers average
 */
record RunSettings(
    int workers,
    int averagingFrequency,
    int batchSizePerWorker,
    int examplesPerDataSet,
    Horizon horizon,
    boolean everyStep) {

  /** Steps that the decay counts in so many iterations of every worker. */
  long stepsOf(long iterations) {
    return horizon == Horizon.EXAMPLES ? iterations * workers : iterations;
  }

  Map<String, String> toTexts() {
    Map<String, String> texts = new LinkedHashMap<>();
    texts.put("spark.workers", Integer.toString(workers));
    texts.put("spark.averagingFrequency", Integer.toString(averagingFrequency));
    texts.put("spark.batchSizePerWorker", Integer.toString(batchSizePerWorker));
    texts.put("spark.examplesPerDataSet", Integer.toString(examplesPerDataSet));
    texts.put("spark.horizon", horizon.name());
    texts.put("spark.averageEveryStep", Boolean.toString(everyStep));
    return texts;
  }
}
