// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.posthoc;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.github.ema4j.core.AverageCounters;
import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.Coverage;
import io.github.ema4j.core.Ranges;
import io.github.ema4j.core.Variances;
import io.github.ema4j.core.state.AverageInfo;
import io.github.ema4j.core.state.AverageState;
import java.io.IOException;
import java.nio.file.Path;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Snapshots times coefficients, some of which are below 0, with variances that stay above it. */
class WeightedSumTest {

  /** Two plain variances with a weight between them, then a weight and a log10 deviation. */
  private static final Variances VARIANCES =
      new Variances(
          Ranges.of(5, new long[] {0, 2}, new long[] {1, 3}),
          Ranges.of(5, new long[] {4}, new long[] {5}));

  @TempDir Path directory;

  private Snapshot snapshot(long update, double[] values, Variances variances, double... logs)
      throws IOException {
    INDArray shadow = Nd4j.createFromArray(values);
    AverageInfo info =
        new AverageInfo(
            values.length,
            DataType.DOUBLE,
            DataType.DOUBLE,
            new Coverage(Ranges.all(values.length), Ranges.none(values.length), variances),
            AverageInfo.Settings.of(AveragingConfig.of(0.5)),
            new AverageCounters(update, update, update, 0, 0.5, 0));
    return Snapshot.write(directory, new UUID(1, 2), 0.1, new AverageState(info, shadow, logs));
  }

  @Test
  void isTheSumOfAllSnapshotsTimesTheirCoefficients() throws IOException {
    int length = 70_000; // more than one block of a file
    double[] a = new double[length];
    double[] b = new double[length];
    for (int i = 0; i < length; i++) {
      a[i] = i;
      b[i] = 1 - 2.0 * i;
    }
    Variances none = Variances.none(length);
    try (WeightedSum sum = new WeightedSum(length, none)) {
      sum.add(snapshot(1, a, none), 3);
      sum.add(snapshot(2, b, none), -0.5);
      double[] actual = sum.as(DataType.DOUBLE).toDoubleVector();
      for (int i = 0; i < length; i++) {
        assertEquals(4.0 * i - 0.5, actual[i], "element " + i);
      }
    }
  }

  @Test
  void variancesAreSummedAsVariances() throws IOException {
    try (WeightedSum sum = new WeightedSum(5, VARIANCES)) {
      sum.add(snapshot(1, new double[] {1, 7, 2, 8, 9}, VARIANCES, 10), 2);
      sum.add(snapshot(2, new double[] {1, 3, 1, 4, 9}, VARIANCES, 4), -1);
      assertArrayEquals(
          new double[] {1, 11, 3, 12, 0.5 * Math.log10(16)},
          sum.as(DataType.DOUBLE).toDoubleVector(),
          1e-12);
    }
  }

  /** A weight may be below 0; of a variance the network would take a root. */
  @Test
  void aVarianceThatWouldNotBeAboveZeroIsTheSmallestOfTheSnapshots() throws IOException {
    try (WeightedSum sum = new WeightedSum(5, VARIANCES)) {
      sum.add(snapshot(1, new double[] {5, 7, 2, 8, 9}, VARIANCES, 100), 1);
      sum.add(snapshot(2, new double[] {6, 9, 3, 9, 9}, VARIANCES, 400), -1);
      assertArrayEquals(
          new double[] {5, -2, 2, -1, 0.5 * Math.log10(100)},
          sum.as(DataType.DOUBLE).toDoubleVector(),
          1e-12);
    }
  }

  @Test
  void isRoundedOnceAtTheEnd() throws IOException {
    Variances none = Variances.none(1);
    double large = 1 << 24; // a FLOAT holds no odd number above it
    try (WeightedSum sum = new WeightedSum(1, none)) {
      sum.add(snapshot(1, new double[] {large + 1}, none), 1);
      sum.add(snapshot(2, new double[] {large}, none), -1);
      INDArray rounded = sum.as(DataType.FLOAT);
      assertEquals(DataType.FLOAT, rounded.dataType());
      assertEquals(1, rounded.getDouble(0));
    }
    assertNotEquals(large + 1, (double) (float) (large + 1));
  }
}
