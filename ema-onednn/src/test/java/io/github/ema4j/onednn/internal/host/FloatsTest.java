// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.onednn.internal.host;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** An array's own elements, from its first to its last. */
class FloatsTest {

  private final INDArray all = Nd4j.createFromArray(0f, 1, 2, 3, 4, 5, 6, 7, 8, 9);
  private final INDArray view = all.get(NDArrayIndex.interval(3, 7));

  @Test
  void aViewIsReadAndWrittenFromItsOwnPlace() {
    Floats floats = Floats.of(view);
    assertEquals(4, floats.length());
    float[] read = new float[6];
    floats.read(1, read, 2, 3);
    assertArrayEquals(new float[] {0, 0, 4, 5, 6, 0}, read);
    floats.read(0, read, 2);
    assertArrayEquals(new float[] {3, 4, 4, 5, 6, 0}, read);
    floats.write(1, new float[] {-1, -2, -3}, 1, 2);
    floats.write(0, new float[] {-4, -5}, 1);
    assertArrayEquals(new float[] {0, 1, 2, -4, -2, -3, 6, 7, 8, 9}, all.data().asFloat());
    assertArrayEquals(new float[] {-4, -2, -3, 6}, Floats.copy(view));
  }

  @Test
  void nothingOutsideAViewCanBeReached() {
    Floats floats = Floats.of(view);
    assertThrows(IndexOutOfBoundsException.class, () -> floats.read(2, new float[3], 3));
    assertThrows(IndexOutOfBoundsException.class, () -> floats.write(-1, new float[3], 1));
    assertThrows(IndexOutOfBoundsException.class, () -> floats.writeBits(4, new int[3], 1));
  }

  @Test
  void bitsAreThoseOfTheElements() {
    Floats floats = Floats.of(view);
    int nan = 0x7fc0_1234; // with a payload, which a float may lose on its way
    floats.writeBits(1, new int[] {nan, Float.floatToRawIntBits(-0f)}, 2);
    int[] bits = new int[3];
    floats.readBits(1, bits, 3);
    assertArrayEquals(
        new int[] {nan, Float.floatToRawIntBits(-0f), Float.floatToRawIntBits(6)}, bits);
    assertTrue(Float.isNaN(all.getFloat(4)));
    assertEquals(3, all.getFloat(3));
  }

  @Test
  void onlyFloatsThatABufferCanAddressAreReached() {
    assertTrue(Floats.reaches(view));
    assertFalse(Floats.reaches(Nd4j.create(DataType.DOUBLE, 3)));
    assertFalse(Floats.reaches(Nd4j.empty(DataType.FLOAT)));
    assertTrue(Floats.reaches((1 << 29) - 1));
    assertFalse(Floats.reaches(1 << 29));
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class, () -> Floats.of(Nd4j.create(DataType.DOUBLE, 3)));
    assertTrue(e.getMessage().endsWith("but was DOUBLE [3]"), e.getMessage());
  }

  @Test
  void whatDoesNotLieInCOrderIsRefusedUntilItIsMadeDense() {
    INDArray matrix = Nd4j.createFromArray(1f, 2, 3, 4, 5, 6).reshape('c', 2, 3);
    for (INDArray array :
        new INDArray[] {
          matrix.transpose(),
          matrix.getColumn(1),
          matrix.get(NDArrayIndex.all(), NDArrayIndex.interval(0, 2))
        }) {
      IllegalArgumentException e =
          assertThrows(IllegalArgumentException.class, () -> Floats.of(array));
      assertTrue(e.getMessage().contains("call dense() first"), e.getMessage());
      INDArray dense = Floats.dense(array);
      assertNotSame(array, dense);
      assertEquals(array, dense);
      assertEquals(
          array.getFloat(array.length() - 1), Floats.copy(dense)[(int) array.length() - 1]);
    }
  }

  /** ND4J calls a column of one row after another 'f', and a copy of it would be for nothing. */
  @Test
  void aRowOrAColumnThatIsDenseStaysItself() {
    INDArray column = Nd4j.create(DataType.FLOAT, new long[] {4, 1}, 'f');
    INDArray row = Nd4j.create(DataType.FLOAT, new long[] {1, 4}, 'f');
    assertSame(column, Floats.dense(column));
    assertSame(row, Floats.dense(row));
    assertEquals(4, Floats.of(column).length());
  }
}
