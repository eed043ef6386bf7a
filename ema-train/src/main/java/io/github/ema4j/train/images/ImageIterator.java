// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.images;

import java.util.Collections;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Random;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.DataSetPreProcessor;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;

/**
 * Mini-batches of {@link LabelledImages}; the last one of an epoch may be smaller. Not thread-safe.
 *
 * <p>The batches depend on the seed and the number of the epoch only, so a run can be repeated.
 */
public final class ImageIterator implements DataSetIterator {
  private final LabelledImages images;
  private final int batchSize;
  private final List<Integer> order;
  private final Optional<Random> random;
  private int position;
  private DataSetPreProcessor preProcessor;

  private ImageIterator(LabelledImages images, int batchSize, Optional<Random> random) {
    if (batchSize < 1) {
      throw new IllegalArgumentException("batch size " + batchSize + " is not >= 1");
    }
    this.images = images;
    this.batchSize = batchSize;
    this.order = images.indices();
    this.random = random;
    shuffle();
  }

  /** For evaluation: all images in their order. */
  public static ImageIterator inOrder(LabelledImages images, int batchSize) {
    return new ImageIterator(images, batchSize, Optional.empty());
  }

  /** For training: another order in every epoch, all of them given by the seed. */
  public static ImageIterator shuffled(LabelledImages images, int batchSize, long seed) {
    return new ImageIterator(images, batchSize, Optional.of(new Random(seed)));
  }

  private void shuffle() {
    random.ifPresent(r -> Collections.shuffle(order, r));
  }

  @Override
  public boolean hasNext() {
    return position < order.size();
  }

  @Override
  public DataSet next() {
    return next(batchSize);
  }

  @Override
  public DataSet next(int count) {
    if (!hasNext()) {
      throw new NoSuchElementException("the epoch is over: call reset()");
    }
    int end = Math.min(position + count, order.size());
    DataSet batch = images.batch(order.subList(position, end));
    position = end;
    if (preProcessor != null) {
      preProcessor.preProcess(batch);
    }
    return batch;
  }

  /** Starts the next epoch; does nothing at the start of one, as DL4J may reset more than once. */
  @Override
  public void reset() {
    if (position > 0) {
      position = 0;
      shuffle();
    }
  }

  @Override
  public boolean resetSupported() {
    return true;
  }

  /** False: making a batch is cheaper than handing it from one thread to another. */
  @Override
  public boolean asyncSupported() {
    return false;
  }

  @Override
  public int batch() {
    return batchSize;
  }

  @Override
  public int inputColumns() {
    return images.pixels();
  }

  @Override
  public int totalOutcomes() {
    return images.classes().size();
  }

  @Override
  public List<String> getLabels() {
    return images.classes();
  }

  @Override
  public void setPreProcessor(DataSetPreProcessor preProcessor) {
    this.preProcessor = preProcessor;
  }

  @Override
  public DataSetPreProcessor getPreProcessor() {
    return preProcessor;
  }
}
