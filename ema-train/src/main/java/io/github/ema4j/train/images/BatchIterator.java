// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.images;

import io.github.ema4j.train.error.UserError;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.DataSetPreProcessor;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;

/** {@link Batches} as Deeplearning4j takes them. Not thread-safe. */
final class BatchIterator implements DataSetIterator {
  private final Batches batches;
  private final List<String> classes;
  private final String source;
  private Pass pass;
  private boolean started;
  private boolean anyRead;
  private Optional<DataSet> ready = Optional.empty();
  private DataSetPreProcessor preProcessor;

  /**
   * Nothing is loaded before it is asked for.
   *
   * @param source where the images are from, for messages
   */
  BatchIterator(Batches batches, List<String> classes, String source) {
    this.batches = batches;
    this.classes = classes;
    this.source = source;
    this.pass = new Pass(batches);
  }

  /**
   * Whether there is another batch, which is loaded to see.
   *
   * @throws UserError if the pass is over and not a single image could be read
   */
  @Override
  public boolean hasNext() {
    if (ready.isEmpty()) {
      started = true;
      ready = pass.next();
      anyRead |= ready.isPresent();
      if (!anyRead) {
        throw new UserError("none of the images of " + source + " can be read: replace them");
      }
    }
    return ready.isPresent();
  }

  @Override
  public DataSet next() {
    if (!hasNext()) {
      throw new NoSuchElementException("the pass is over: call reset()");
    }
    DataSet batch = ready.get();
    ready = Optional.empty();
    if (preProcessor != null) {
      preProcessor.preProcess(batch);
    }
    return batch;
  }

  /** Refused: the batches are made ahead, of one size. */
  @Override
  public DataSet next(int count) {
    throw new UnsupportedOperationException("only batches of " + batch() + ": call next()");
  }

  /** Starts the same pass again; does nothing at its start, as DL4J may reset more than once. */
  @Override
  public void reset() {
    if (started) {
      pass.close();
      pass = new Pass(batches);
      ready = Optional.empty();
      started = false;
    }
  }

  @Override
  public boolean resetSupported() {
    return true;
  }

  /** False: the workers load ahead. */
  @Override
  public boolean asyncSupported() {
    return false;
  }

  @Override
  public int batch() {
    return batches.options().batchSize();
  }

  @Override
  public int inputColumns() {
    return batches.pixels();
  }

  @Override
  public int totalOutcomes() {
    return classes.size();
  }

  @Override
  public List<String> getLabels() {
    return classes;
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
