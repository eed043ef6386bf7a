// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.posthoc;

import io.github.ema4j.core.Ranges;
import io.github.ema4j.core.Variances;
import io.github.ema4j.core.internal.kernel.AveragingKernel;
import io.github.ema4j.core.internal.kernel.Chunks;
import io.github.ema4j.core.internal.kernel.Kernels;
import java.io.IOException;
import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * A sum of snapshots, each times a coefficient, in double.
 *
 * <p>Variances are added as variances. A coefficient may be negative and a variance may not be:
 * where their sum is not above 0, the smallest variance among the snapshots takes its place.
 */
final class WeightedSum implements AutoCloseable {

  private final INDArray sum;
  private final Variances variances;
  private final double[] ofDeviations;
  private final double[] smallestOfDeviations;
  private final double[] smallestPlain;

  /** Zero, for snapshots of that length and with these variances. */
  WeightedSum(long length, Variances variances) {
    sum = Nd4j.zeros(DataType.DOUBLE, length);
    this.variances = variances;
    ofDeviations = new double[Math.toIntExact(variances.log10Deviations().count())];
    smallestOfDeviations = infinities(variances.log10Deviations());
    smallestPlain = infinities(variances.plain());
  }

  private static Chunks chunks(Ranges ranges) {
    return Chunks.of(ranges.length(), ranges.starts(), ranges.ends());
  }

  private static double[] infinities(Ranges ranges) {
    double[] values = new double[Math.toIntExact(ranges.count())];
    Arrays.fill(values, Double.POSITIVE_INFINITY);
    return values;
  }

  void add(Snapshot snapshot, double coefficient) throws IOException {
    double[] added =
        snapshot.forEachBlock(
            (from, values) -> {
              noteSmallest(from, values);
              try (INDArray block = Nd4j.createFromArray(values)) {
                sum.get(NDArrayIndex.interval(from, from + values.length))
                    .addi(block.muli(coefficient));
              }
            });
    for (int i = 0; i < added.length; i++) {
      ofDeviations[i] += coefficient * added[i];
      smallestOfDeviations[i] = Math.min(smallestOfDeviations[i], added[i]);
    }
  }

  private void noteSmallest(long from, double[] values) {
    Ranges plain = variances.plain();
    long before = 0; // variances in the ranges before this one
    for (int range = 0; range < plain.size(); range++) {
      long begin = Math.max(plain.from(range), from);
      long end = Math.min(plain.to(range), from + values.length);
      for (long at = begin; at < end; at++) {
        int i = (int) (before + at - plain.from(range));
        smallestPlain[i] = Math.min(smallestPlain[i], values[(int) (at - from)]);
      }
      before += plain.to(range) - plain.from(range);
    }
  }

  /** The sum, rounded to a type, as a new vector. */
  INDArray as(DataType type) {
    AveragingKernel kernel = Kernels.forArrays(sum);
    double[] plain = new double[smallestPlain.length];
    kernel.read(sum, chunks(variances.plain()), plain);
    kernel.write(positive(plain, smallestPlain), sum, chunks(variances.plain()));
    double[] logs = positive(ofDeviations, smallestOfDeviations);
    Arrays.setAll(logs, i -> Variances.toLog10Deviation(logs[i]));
    kernel.write(logs, sum, chunks(variances.log10Deviations()));
    INDArray rounded = Nd4j.createUninitialized(type, sum.length());
    return rounded.assign(sum);
  }

  private static double[] positive(double[] sums, double[] smallest) {
    double[] positive = new double[sums.length];
    Arrays.setAll(positive, i -> sums[i] > 0 ? sums[i] : smallest[i]);
    return positive;
  }

  @Override
  public void close() {
    sum.close();
  }
}
