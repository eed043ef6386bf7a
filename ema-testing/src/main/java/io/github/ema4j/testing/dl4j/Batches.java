// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.testing.dl4j;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.deeplearning4j.datasets.iterator.ExistingDataSetIterator;
import org.nd4j.linalg.dataset.DataSet;

/** An iterator over batches with some of the habits that iterators in the wild have. */
public final class Batches extends ExistingDataSetIterator {

  private final transient List<DataSet> batches;
  private final AtomicInteger resets = new AtomicInteger();
  private int position;
  private boolean resettable = true;
  private boolean async;
  private int failsAt = -1;

  private Batches(List<DataSet> batches) {
    super(batches);
    this.batches = batches;
  }

  public static Batches of(List<DataSet> batches) {
    return new Batches(batches);
  }

  public static Batches of(DataSet data, int size) {
    return new Batches(data.batchBy(size));
  }

  public Batches once() {
    resettable = false;
    return this;
  }

  /** Lets Deeplearning4j fetch the batches on a thread of its own. */
  public Batches async() {
    async = true;
    return this;
  }

  /** Throws in place of the batch with this index; never again for a negative one. */
  public Batches failAt(int index) {
    failsAt = index;
    return this;
  }

  public int resets() {
    return resets.get();
  }

  public int position() {
    return position;
  }

  @Override
  public boolean hasNext() {
    return position < batches.size();
  }

  @Override
  public DataSet next() {
    if (position == failsAt) {
      throw new IllegalArgumentException("This batch cannot be read");
    }
    return batches.get(position++);
  }

  @Override
  public boolean resetSupported() {
    return resettable;
  }

  @Override
  public boolean asyncSupported() {
    return async;
  }

  @Override
  public void reset() {
    if (!resettable) {
      throw new UnsupportedOperationException("reset() is not supported");
    }
    resets.incrementAndGet();
    position = 0;
  }
}
