// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.experiments;

import io.github.ema4j.train.images.FashionMnist;
import io.github.ema4j.train.images.ImageIterator;
import io.github.ema4j.train.images.LabelledImages;
import java.io.IOException;
import java.util.Random;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;

/**
 * What one training run of an experiment begins with: all of it follows from the seed.
 *
 * @param network not trained yet
 * @param training the images, in another order in each epoch
 */
record Start(MultiLayerNetwork network, DataSetIterator training) {

  /**
   * Makes ready to train.
   *
   * @param seed of wrong labels, batches and initial weights
   * @param epochs of the whole run, for learning rates that depend on it
   * @throws IOException if the images cannot be read
   */
  static Start of(Experiment experiment, long seed, int epochs) throws IOException {
    return of(experiment, experiment.wrongLabels(), seed, epochs);
  }

  /** The same with another share of wrong labels than the experiment's. */
  static Start of(Experiment experiment, double wrongLabels, long seed, int epochs)
      throws IOException {
    Random seeds = new Random(seed);
    LabelledImages images = FashionMnist.training().withWrongLabels(wrongLabels, seeds.nextLong());
    int batchSize = experiment.recipe().batchSize();
    DataSetIterator training = ImageIterator.shuffled(images, batchSize, seeds.nextLong());
    int iterations = epochs * ((images.size() + batchSize - 1) / batchSize);
    return new Start(
        experiment.recipe().network(seeds.nextLong(), experiment.updater(iterations)), training);
  }
}
