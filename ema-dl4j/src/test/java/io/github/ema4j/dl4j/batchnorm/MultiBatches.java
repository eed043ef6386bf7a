// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.batchnorm;

import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.MultiDataSet;
import org.nd4j.linalg.dataset.api.MultiDataSetPreProcessor;
import org.nd4j.linalg.dataset.api.iterator.MultiDataSetIterator;
import org.nd4j.linalg.indexing.INDArrayIndex;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Batches of data of several inputs; the last one has what is left. */
final class MultiBatches implements MultiDataSetIterator {

  private final transient MultiDataSet data;
  private final int size;
  private long position;

  MultiBatches(MultiDataSet data, int size) {
    this.data = data;
    this.size = size;
  }

  @Override
  public boolean hasNext() {
    return position < data.getFeatures(0).size(0);
  }

  @Override
  public MultiDataSet next() {
    long end = Math.min(position + size, data.getFeatures(0).size(0));
    INDArrayIndex rows = NDArrayIndex.interval(position, end);
    position = end;
    return new MultiDataSet(part(data.getFeatures(), rows), part(data.getLabels(), rows));
  }

  private static INDArray[] part(INDArray[] arrays, INDArrayIndex rows) {
    return Arrays.stream(arrays)
        .map(array -> array.get(rows, NDArrayIndex.all()).dup())
        .toArray(INDArray[]::new);
  }

  @Override
  public MultiDataSet next(int examples) {
    return next();
  }

  @Override
  public boolean resetSupported() {
    return true;
  }

  @Override
  public boolean asyncSupported() {
    return false;
  }

  @Override
  public void reset() {
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
