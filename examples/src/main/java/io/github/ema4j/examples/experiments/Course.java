// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.experiments;

import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.evaluation.EmaEvaluator;
import io.github.ema4j.dl4j.evaluation.EmaHistory;
import io.github.ema4j.train.images.FashionMnist;
import io.github.ema4j.train.images.ImageIterator;
import java.io.IOException;
import java.util.List;
import java.util.stream.IntStream;
import org.nd4j.evaluation.classification.Evaluation;

/**
 * The raw weights and the default average of one training run, epoch by epoch.
 *
 * @param raw accuracies in per cent on the test images after each epoch
 * @param averaged the same of the average
 */
record Course(List<Double> raw, List<Double> averaged) {
  private static final int TEST_BATCH = 500;

  Course {
    raw = List.copyOf(raw);
    averaged = List.copyOf(averaged);
  }

  /**
   * Trains, and evaluates after each epoch.
   *
   * @param seed of wrong labels, batches and initial weights
   * @throws IOException if the images cannot be read
   */
  static Course run(Experiment experiment, long seed, int epochs) throws IOException {
    Start start = Start.of(experiment, seed, epochs);
    ModelEmaListener ema = new ModelEmaListener();
    EmaHistory history =
        new EmaEvaluator(ema, ImageIterator.inOrder(FashionMnist.test(), TEST_BATCH))
            .everyEpochs(1);
    start.network().addListeners(ema);
    start.network().fit(start.training(), epochs);
    return new Course(
        history.history().stream()
            .map(each -> 100 * each.raw(Evaluation.class).accuracy())
            .toList(),
        history.history().stream()
            .map(each -> 100 * each.averaged(Evaluation.class).accuracy())
            .toList());
  }

  /** By how many points the average is better after an epoch, which counts from 0 here. */
  double gain(int epoch) {
    return averaged.get(epoch) - raw.get(epoch);
  }

  double leastGain() {
    return IntStream.range(0, raw.size()).mapToDouble(this::gain).min().orElseThrow();
  }
}
