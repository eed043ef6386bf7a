// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples;

import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.evaluation.Comparison;
import io.github.ema4j.dl4j.evaluation.EmaEvaluator;
import io.github.ema4j.dl4j.evaluation.EmaHistory;
import io.github.ema4j.dl4j.parallel.ParallelEma;
import io.github.ema4j.train.images.FashionMnist;
import io.github.ema4j.train.images.ImageIterator;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.parallelism.ParallelWrapper;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The average of a network that two workers train, each on a replica of its own. After every five
 * iterations the wrapper averages the replicas, and the moving average takes in what they agreed
 * on, with the decay of five iterations: 0.99^5.
 *
 * <p>The listener is attached to the wrapper, not added to the network, whose listeners are called
 * by all workers at once. What follows it goes with it: the history.
 */
public final class ParallelWrapperExample {
  private static final Logger log = LoggerFactory.getLogger(ParallelWrapperExample.class);

  private static final int WORKERS = 2;
  private static final int ITERATIONS_PER_ROUND = 5;

  private ParallelWrapperExample() {}

  /** Trains, and logs the accuracy after each epoch. */
  public static void main(String[] args) throws Exception {
    OpenMp.useOneThreadUnlessSet();
    for (Comparison epoch : train(1, 5)) {
      log.info(
          String.format(
              Locale.ROOT,
              "iteration %4d: raw weights %.2f %% of the test images, averaged weights %.2f %%",
              epoch.iteration(),
              100 * raw(epoch),
              100 * averaged(epoch)));
    }
  }

  /** One comparison for each epoch. */
  static List<Comparison> train(long seed, int epochs) throws IOException {
    Recipe recipe = Recipe.MLP;
    DataSetIterator training =
        ImageIterator.shuffled(
            FashionMnist.training().withWrongLabels(0.3, seed), recipe.batchSize(), seed);
    DataSetIterator test = ImageIterator.inOrder(FashionMnist.test(), 500);
    MultiLayerNetwork net = recipe.network(seed);
    ModelEmaListener ema = new ModelEmaListener(0.99);
    EmaHistory history = new EmaEvaluator(ema, test).everyEpochs(1);

    ParallelWrapper wrapper =
        new ParallelWrapper.Builder<>(net)
            .workers(WORKERS)
            .averagingFrequency(ITERATIONS_PER_ROUND)
            .build();
    ParallelEma.attach(wrapper, ema); // the one added line
    for (int epoch = 0; epoch < epochs; epoch++) {
      wrapper.fit(training);
    }
    wrapper.shutdown();
    return history.history();
  }

  static double raw(Comparison comparison) {
    return comparison.raw(Evaluation.class).accuracy();
  }

  static double averaged(Comparison comparison) {
    return comparison.averaged(Evaluation.class).accuracy();
  }
}
