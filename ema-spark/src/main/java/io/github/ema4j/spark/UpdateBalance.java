// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import java.util.Map;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.util.LongAccumulator;
import org.deeplearning4j.spark.parameterserver.training.SharedTrainingResult;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Compares what the workers send with what the driver gets. Deeplearning4j's driver can go deaf: it
 * sends every update on to all other executors, and waits for ever for one that is gone. Then fits
 * end as if all were well, and train nothing.
 */
final class UpdateBalance {

  private static final Logger log = LoggerFactory.getLogger(EmaSharedTrainingMaster.class);

  private final int executors;
  private final LongAccumulator minibatches;
  private final LongAccumulator sent;

  // When the last fit ended; sent and not received.
  private long minibatchesBefore;
  private long sentBefore;
  private long missingBefore;

  UpdateBalance(JavaSparkContext sc, int executors) {
    this.executors = executors;
    minibatches = sc.sc().longAccumulator("minibatches");
    sent = sc.sc().longAccumulator("updates sent");
  }

  /** The workers' results, which count on their way. */
  JavaRDD<SharedTrainingResult> watched(JavaRDD<SharedTrainingResult> results) {
    LongAccumulator ofMinibatches = minibatches;
    LongAccumulator ofSent = sent;
    return results.map(
        result -> {
          Map<String, Integer> fitted = result.getMinibatchesPerExecutor();
          fitted.values().forEach(ofMinibatches::add);
          ofSent.add(SentUpdates.take());
          return result;
        });
  }

  /** How many the driver has got when all that were sent have come. */
  long expected() {
    return sent.value() - Math.max(0, missingBefore);
  }

  /**
   * Looks back on a fit.
   *
   * @param received updates that the driver has got, of all fits
   * @throws IllegalStateException if none was sent, or too many have not come
   */
  void require(long received) {
    long fitted = minibatches.value() - minibatchesBefore;
    long given = sent.value() - sentBefore;
    long missing = expected() - received;
    minibatchesBefore = minibatches.value();
    sentBefore = sent.value();
    missingBefore = sent.value() - received;
    if (fitted > 0 && given == 0) {
      throw new IllegalStateException(
          "None of %d minibatches gave an update, so that nothing was trained: all gradients stay below the threshold. Give SharedTrainingMaster.Builder a lower one, or an AdaptiveThresholdAlgorithm"
              .formatted(fitted));
    }
    if (missing > allowed(given)) {
      throw new IllegalStateException(
          "Of %d updates that the workers sent for %d minibatches, %d did not reach the driver: its weights and the average lack them. Deeplearning4j's driver hears nobody any more once an executor is gone or cannot be reached: start the application again, from what was saved after an earlier fit"
              .formatted(given, fitted, missing));
    }
    if (missing > 0) {
      log.warn(
          "Of {} updates that the workers sent, {} have not reached the driver: they are applied in"
              + " the next fit, if they come",
          given,
          missing);
    }
  }

  /**
   * Half of the share of an executor. Updates are on their way for milliseconds, and Aeron repeats
   * what the network loses. So a few may be late, but an executor that is not heard lacks with
   * nearly all of its own.
   */
  private long allowed(long given) {
    return given / (2L * executors);
  }
}
