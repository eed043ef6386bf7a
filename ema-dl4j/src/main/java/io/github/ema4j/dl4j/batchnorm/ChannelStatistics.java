// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.batchnorm;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Mean and biased variance per channel over any number of batches, in double precision; batches are
 * merged as Chan, Golub and LeVeque (1979) do, which cancels nothing.
 */
final class ChannelStatistics {

  private final int channelAxis;
  private long count;
  private double[] mean = {};
  private double[] squares = {}; // sum of squared distances from the mean

  /** The axis of the channels in inputs of rank 4; in inputs of rank 2 it is 1. */
  ChannelStatistics(int channelAxis) {
    this.channelAxis = channelAxis;
  }

  void add(INDArray batch) {
    if (batch.rank() != 2 && batch.rank() != 4) {
      throw new IllegalStateException(
          "Batch-norm inputs of rank 2 and 4 can be recalibrated, but this one has rank "
              + batch.rank());
    }
    int[] others =
        batch.rank() == 2
            ? new int[] {0}
            : channelAxis == 1 ? new int[] {0, 2, 3} : new int[] {0, 1, 2};
    INDArray values = batch.castTo(DataType.DOUBLE);
    double[] batchMean = values.mean(others).toDoubleVector();
    double[] batchVariance = values.var(false, others).toDoubleVector();
    long added = batch.length() / batchMean.length;
    if (count == 0) {
      mean = new double[batchMean.length];
      squares = new double[batchMean.length];
    }
    long total = count + added;
    for (int i = 0; i < mean.length; i++) {
      double distance = batchMean[i] - mean[i];
      mean[i] += distance * added / total;
      squares[i] += batchVariance[i] * added + distance * distance * count * added / total;
    }
    count = total;
  }

  long count() {
    return count;
  }

  double[] mean() {
    return mean;
  }

  double[] variance() {
    double[] variance = new double[squares.length];
    for (int i = 0; i < variance.length; i++) {
      variance[i] = squares[i] / count;
    }
    return variance;
  }

  boolean isFinite() {
    for (int i = 0; i < mean.length; i++) {
      if (!Double.isFinite(mean[i]) || !Double.isFinite(squares[i])) {
        return false;
      }
    }
    return count > 0;
  }
}
