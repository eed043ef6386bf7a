// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.onednn.internal.layer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.ema4j.onednn.internal.host.Floats;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Windows as rows of a matrix, and back. */
class PatchesTest {

  private static Windows windows(
      INDArray x, int[] kernel, int[] stride, int[] padding, int[] dilation) {
    return Windows.of(x, kernel, stride, padding, dilation, ConvolutionMode.Truncate);
  }

  private static INDArray counting(long... shape) {
    return Nd4j.arange(1, 1 + Nd4j.create(DataType.FLOAT, shape).length())
        .castTo(DataType.FLOAT)
        .reshape('c', shape);
  }

  @Test
  void aRowHasTheElementsOfItsWindowByChannel() {
    INDArray x = counting(1, 2, 2, 3); // 1 2 3 / 4 5 6, then 7 8 9 / 10 11 12
    Windows windows = windows(x, new int[] {2, 2}, new int[] {1, 1}, new int[2], new int[] {1, 1});
    Patches patches = new Patches(windows, 2);
    assertEquals(8, patches.size());
    INDArray matrix = Nd4j.create(DataType.FLOAT, 2, 8);
    patches.take(Floats.of(x), 0, Floats.of(matrix), 0);
    assertArrayEquals(
        new float[] {1, 2, 4, 5, 7, 8, 10, 11, 2, 3, 5, 6, 8, 9, 11, 12}, matrix.data().asFloat());
  }

  @Test
  void beyondTheEdgeThereAreZeros() {
    INDArray x = counting(1, 1, 2, 2);
    Windows windows =
        windows(x, new int[] {2, 2}, new int[] {2, 2}, new int[] {1, 1}, new int[] {1, 1});
    INDArray matrix = Nd4j.valueArrayOf(new long[] {4, 4}, 99, DataType.FLOAT);
    new Patches(windows, 1).take(Floats.of(x), 0, Floats.of(matrix), 0);
    assertArrayEquals(
        new float[] {0, 0, 0, 1, 0, 0, 2, 0, 0, 3, 0, 0, 4, 0, 0, 0}, matrix.data().asFloat());
  }

  /** Height and width have strides and distances of their own. */
  @Test
  void windowsAreTakenAtTheirStridesAndDistances() {
    INDArray x = counting(1, 1, 5, 5);
    Windows windows = windows(x, new int[] {2, 2}, new int[] {1, 2}, new int[2], new int[] {3, 2});
    INDArray matrix = Nd4j.create(DataType.FLOAT, 4, 4);
    new Patches(windows, 1).take(Floats.of(x), 0, Floats.of(matrix), 0);
    assertArrayEquals(
        new float[] {1, 3, 16, 18, 3, 5, 18, 20, 6, 8, 21, 23, 8, 10, 23, 25},
        matrix.data().asFloat());
  }

  @Test
  void eachImageGoesToThePlaceThatIsAskedFor() {
    INDArray x = counting(2, 1, 1, 2);
    Windows windows = windows(x, new int[] {1, 1}, new int[] {1, 1}, new int[2], new int[] {1, 1});
    INDArray matrix = Nd4j.create(DataType.FLOAT, 6, 1);
    Patches patches = new Patches(windows, 1);
    patches.take(Floats.of(x), 0, Floats.of(matrix), 2);
    patches.take(Floats.of(x), 1, Floats.of(matrix), 0);
    assertArrayEquals(new float[] {3, 4, 0, 0, 1, 2}, matrix.data().asFloat());
  }

  /** Going back is the transpose of taking: of both, the inner products are the same. */
  @Test
  void puttingBackAddsUpWhatTheWindowsHaveForAnElement() {
    INDArray x = counting(2, 2, 4, 5);
    Windows windows =
        windows(x, new int[] {3, 2}, new int[] {1, 2}, new int[] {1, 1}, new int[] {1, 2});
    Patches patches = new Patches(windows, 2);
    int rows = windows.count();
    INDArray taken = Nd4j.create(DataType.FLOAT, 2L * rows, patches.size());
    INDArray matrix = counting(2L * rows, patches.size());
    INDArray back = Nd4j.valueArrayOf(new long[] {2, 2, 4, 5}, 99, DataType.FLOAT);
    for (int image = 0; image < 2; image++) {
      patches.take(Floats.of(x), image, Floats.of(taken), image);
      patches.putBack(Floats.of(matrix), image, Floats.of(back));
    }
    // Whole numbers below 2 to the 24th: exact, whatever the order of the sums.
    assertEquals(
        taken.castTo(DataType.DOUBLE).mul(matrix.castTo(DataType.DOUBLE)).sumNumber().doubleValue(),
        back.castTo(DataType.DOUBLE).mul(x.castTo(DataType.DOUBLE)).sumNumber().doubleValue());

    INDArray ones = Nd4j.ones(DataType.FLOAT, 4, 4);
    INDArray counts = Nd4j.create(DataType.FLOAT, 1, 1, 3, 3);
    new Patches(
            windows(counts, new int[] {2, 2}, new int[] {1, 1}, new int[2], new int[] {1, 1}), 1)
        .putBack(Floats.of(ones), 0, Floats.of(counts));
    assertArrayEquals(new float[] {1, 2, 1, 2, 4, 2, 1, 2, 1}, counts.data().asFloat());
  }
}
