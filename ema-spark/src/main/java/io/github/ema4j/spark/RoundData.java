// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import org.apache.spark.api.java.JavaRDD;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Divides the data of each round of one fit among the workers, and counts what they cannot use. */
final class RoundData {

  private static final Logger log = LoggerFactory.getLogger(EmaTrainingMaster.class);

  private final int workers;
  private final int batchSizePerWorker;
  private final int averagingFrequency;

  private long examples;
  private long examplesLeftOver;

  RoundData(int workers, int batchSizePerWorker, int averagingFrequency) {
    this.workers = workers;
    this.batchSizePerWorker = batchSizePerWorker;
    this.averagingFrequency = averagingFrequency;
  }

  /**
   * The data of one round, one partition for each worker.
   *
   * @param split elements in an order that is the same whenever they are computed
   * @param perWorker elements of a full round for each worker
   * @param examplesPerElement examples in each element
   */
  <T> JavaRDD<T> divide(JavaRDD<T> split, int perWorker, int examplesPerElement) {
    OrderedSplit<T> ordered = OrderedSplit.among(split, perWorker, workers);
    examples += ordered.elements() * examplesPerElement;
    examplesLeftOver +=
        ordered.examplesBeyond(
            examplesPerElement, (long) batchSizePerWorker * averagingFrequency, workers);
    return ordered.data();
  }

  void warnOfLeftOver() {
    if (examplesLeftOver > 0) {
      log.warn(
          "{} of {} examples were not trained on: Deeplearning4j divides the data of an epoch among"
              + " its rounds at random, and leaves out what a round has beyond {} minibatches for"
              + " each worker; which ones changes from epoch to epoch",
          examplesLeftOver,
          examples,
          averagingFrequency);
    }
  }
}
