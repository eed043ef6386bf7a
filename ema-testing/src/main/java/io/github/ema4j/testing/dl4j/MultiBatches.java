// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.testing.dl4j;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.dataset.api.MultiDataSetPreProcessor;
import org.nd4j.linalg.dataset.api.iterator.MultiDataSetIterator;
import org.nd4j.linalg.indexing.INDArrayIndex;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** An iterator over batches of several inputs or outputs. */
public final class MultiBatches implements MultiDataSetIterator {

  private final transient List<MultiDataSet> batches;
  private final boolean resettable;
  private int position;
  private int resets;

  private MultiBatches(List<MultiDataSet> batches, boolean resettable) {
    this.batches = batches;
    this.resettable = resettable;
  }

  public static MultiBatches of(MultiDataSet... batches) {
    return new MultiBatches(List.of(batches), true);
  }

  public static MultiBatches of(DataSet data, int size) {
    List<MultiDataSet> batches = new ArrayList<>();
    data.batchBy(size).forEach(batch -> batches.add(batch.toMultiDataSet()));
    return new MultiBatches(batches, true);
  }

  /** Batches of data of several inputs; the last one has what is left. */
  public static MultiBatches of(MultiDataSet data, int size) {
    List<MultiDataSet> batches = new ArrayList<>();
    long examples = data.getFeatures(0).size(0);
    for (long from = 0; from < examples; from += size) {
      INDArrayIndex rows = NDArrayIndex.interval(from, Math.min(from + size, examples));
      batches.add(
          new org.nd4j.linalg.dataset.MultiDataSet(
              part(data.getFeatures(), rows), part(data.getLabels(), rows)));
    }
    return new MultiBatches(batches, true);
  }

  private static INDArray[] part(INDArray[] arrays, INDArrayIndex rows) {
    return Arrays.stream(arrays)
        .map(array -> array.get(rows, NDArrayIndex.all()).dup())
        .toArray(INDArray[]::new);
  }

  public static MultiBatches once(MultiDataSet... batches) {
    return new MultiBatches(List.of(batches), false);
  }

  public int resets() {
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
