// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.experiments.atsize;

import io.github.ema4j.train.images.FashionMnist;
import io.github.ema4j.train.images.ImageIterator;
import io.github.ema4j.train.images.LabelledImages;
import java.io.IOException;
import java.nio.file.Path;
import java.util.zip.CRC32;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.DataSet;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;

/**
 * All images of Fashion-MNIST, as the network takes them: [images, 1, 28, 28], grey values -1 to 1.
 *
 * @param training 60,000
 * @param test 10,000
 */
record Images(LabelledImages training, LabelledImages test) {
  private static final int SIDE = 28;
  private static final int TEST_BATCH = 500;

  /** On so many training images, at most, the statistics of batch norm are recalibrated. */
  static final int CALIBRATION = 1_000;

  /**
   * Reads them.
   *
   * @throws IOException if they are not in the directory, or damaged
   */
  static Images read(Path directory) throws IOException {
    return new Images(FashionMnist.training(directory), FashionMnist.test(directory));
  }

  /**
   * Batches to train on, in another order in each epoch.
   *
   * @param wrong share of the labels that are wrong
   * @param noise seed of these
   * @param seed of the order
   * @param trained takes in each label that is trained on, a byte for each
   */
  DataSetIterator trainingBatches(double wrong, long noise, long seed, int batch, CRC32 trained) {
    ImageIterator batches =
        ImageIterator.shuffled(training.withWrongLabels(wrong, noise), batch, seed);
    batches.setPreProcessor(
        data -> {
          prepare(data);
          for (int label : data.getLabels().argMax(1).toIntVector()) {
            trained.update(label);
          }
        });
    return batches;
  }

  DataSetIterator testBatches() {
    return inOrder(test);
  }

  /** The first training images, of which the labels do not matter. */
  DataSetIterator calibrationBatches() {
    return inOrder(training.first(Math.min(CALIBRATION, training.size())));
  }

  private static DataSetIterator inOrder(LabelledImages images) {
    ImageIterator batches = ImageIterator.inOrder(images, TEST_BATCH);
    batches.setPreProcessor(Images::prepare);
    return batches;
  }

  private static void prepare(DataSet data) {
    INDArray grey = data.getFeatures();
    data.setFeatures(grey.muli(2).subi(1).reshape(grey.size(0), 1, SIDE, SIDE));
  }
}
