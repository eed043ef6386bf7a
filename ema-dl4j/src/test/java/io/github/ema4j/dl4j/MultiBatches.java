// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.dataset.api.MultiDataSetPreProcessor;
import org.nd4j.linalg.dataset.api.iterator.MultiDataSetIterator;

/** An iterator over batches of several inputs or outputs. */
final class MultiBatches implements MultiDataSetIterator {

  private final transient List<MultiDataSet> batches;
  private final boolean resettable;
  private int position;
  private int resets;

  private MultiBatches(List<MultiDataSet> batches, boolean resettable) {
    this.batches = batches;
    this.resettable = resettable;
  }

  static MultiBatches of(MultiDataSet... batches) {
    return new MultiBatches(List.of(batches), true);
  }

  static MultiBatches of(DataSet data, int size) {
    List<MultiDataSet> batches = new ArrayList<>();
    data.batchBy(size).forEach(batch -> batches.add(batch.toMultiDataSet()));
    return new MultiBatches(batches, true);
  }

  static MultiBatches once(MultiDataSet... batches) {
    return new MultiBatches(List.of(batches), false);
  }

  int resets() {
    return resets;
  }

  @Override
  public boolean hasNext() {
    return position < batches.size();
  }

  @Override
  public MultiDataSet next() {
    return batches.get(position++);
  }

  @Override
  public MultiDataSet next(int examples) {
    return next();
  }

  @Override
  public boolean resetSupported() {
    return resettable;
  }

  @Override
  public boolean asyncSupported() {
    return false;
  }

  @Override
  public void reset() {
    if (!resettable) {
      throw new UnsupportedOperationException("reset() is not supported");
    }
    resets++;
    position = 0;
  }

  @Override
  public void setPreProcessor(MultiDataSetPreProcessor preProcessor) {
    throw new UnsupportedOperationException();
  }

  @Override
  public MultiDataSetPreProcessor getPreProcessor() {
    return null;
  }
}
