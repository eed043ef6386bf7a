// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.internal.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.Vectors;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Arrays that ND4J has written, against what it reads itself. */
class ArrayReaderTest {

  private static byte[] written(INDArray array) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    Nd4j.write(array, out);
    out.writeLong(4711); // what comes after it
    return bytes.toByteArray();
  }

  private static DataInputStream stream(byte[] bytes) {
    return new DataInputStream(new ByteArrayInputStream(bytes));
  }

  private static void assertReadAsByNd4j(INDArray array) throws IOException {
    DataInputStream in = stream(written(array));
    INDArray actual = ArrayReader.read(in, in.available());
    assertEquals(4711, in.readLong());
    INDArray expected = Nd4j.read(stream(written(array)));
    assertEquals(expected.dataType(), actual.dataType());
    assertArrayEquals(expected.shape(), actual.shape());
    assertArrayEquals(expected.stride(), actual.stride());
    assertEquals(expected.ordering(), actual.ordering());
    assertArrayEquals(
        Vectors.bits(expected.reshape(expected.length())),
        Vectors.bits(actual.reshape(actual.length())));
    // It takes part in operations as any array does.
    assertEquals(expected.sumNumber(), actual.sumNumber());
  }

  /** The longest ones take several blocks of bytes. */
  @ParameterizedTest
  @CsvSource({
    "FLOAT, 1",
    "FLOAT, 1000",
    "FLOAT, 16384",
    "FLOAT, 40001",
    "DOUBLE, 1",
    "DOUBLE, 8191",
    "DOUBLE, 20001",
    "HALF, 3",
    "HALF, 32769",
    "BFLOAT16, 70000",
    "INT, 100",
    "LONG, 5"
  })
  void vectorsOfAnyTypeAndLengthAreReadAsByNd4j(DataType type, int length) throws IOException {
    assertReadAsByNd4j(Vectors.random(DataType.FLOAT, length, length).castTo(type));
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT", "DOUBLE", "HALF", "BFLOAT16"})
  void matricesOfEitherOrderAndViewsAreReadAsByNd4j(DataType type) throws IOException {
    INDArray values = Vectors.random(type, 7 * 11 * 3, 5);
    assertReadAsByNd4j(values.reshape('c', 7, 11, 3));
    assertReadAsByNd4j(values.reshape('f', 7, 33));
    assertReadAsByNd4j(values.reshape(1, values.length()));
    assertReadAsByNd4j(values.get(NDArrayIndex.interval(10, 200)));
    assertReadAsByNd4j(values.reshape('c', 21, 11).getColumn(3));
  }

  @Test
  void nonFiniteValuesAndSignsOfZerosAreKept() throws IOException {
    assertReadAsByNd4j(
        Vectors.floats(
            Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, -0.0, 0.0, 1e-45));
  }

  @Test
  void aStreamThatEndsWithinTheValuesIsNoArray() throws IOException {
    byte[] bytes = written(Vectors.random(DataType.FLOAT, 20_000, 1));
    assertThrows(
        EOFException.class,
        () -> ArrayReader.read(stream(Arrays.copyOf(bytes, bytes.length - 9)), bytes.length));
  }

  /** {@code Nd4j.read} asks for each byte of each value. */
  @Test
  void valuesAreTakenInBlocks() throws IOException {
    byte[] bytes = written(Vectors.random(DataType.FLOAT, 100_000, 1));
    AtomicInteger calls = new AtomicInteger();
    InputStream counting =
        new FilterInputStream(new ByteArrayInputStream(bytes)) {
          @Override
          public int read() throws IOException {
            calls.incrementAndGet();
            return super.read();
          }

          @Override
          public int read(byte[] target, int offset, int length) throws IOException {
            calls.incrementAndGet();
            return super.read(target, offset, length);
          }
        };
    ArrayReader.read(new DataInputStream(counting), bytes.length);
    assertTrue(calls.get() < 200, calls + " calls");
  }

  private static DataInputStream array(long length, String type, long... shape) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.writeUTF("MIXED_DATA_TYPES");
    out.writeLong(shape.length);
    out.writeUTF("LONG");
    for (long value : shape) {
      out.writeLong(value);
    }
    out.writeUTF("MIXED_DATA_TYPES");
    out.writeLong(length);
    out.writeUTF(type);
    for (int i = 0; i < 6; i++) {
      out.writeFloat(i);
    }
    return stream(bytes.toByteArray());
  }

  private static void assertRefused(String reason, DataInputStream in) throws IOException {
    int available = in.available();
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> ArrayReader.read(in, available));
    assertTrue(e.getMessage().contains(reason), e.getMessage());
  }

  /** What an array says about itself comes from a file, and would be memory out of bounds. */
  @Test
  void anArrayThatContradictsItselfIsRefused() throws IOException {
    long f = 8192; // flag of FLOAT
    assertArrayEquals(
        new float[] {0, 1, 2, 3, 4, 5},
        ArrayReader.read(array(6, "FLOAT", 2, 2, 3, 3, 1, f, 1, 'c'), 24)
            .reshape(6)
            .toFloatVector());
    assertRefused("1099511627776 values", array(1L << 40, "FLOAT", 1, 1L << 40, 1, f, 1, 'c'));
    assertRefused("-6 values", array(-6, "FLOAT", 1, 6, 1, f, 1, 'c'));
    assertRefused("0 values", array(0, "FLOAT", 1, 0, 1, f, 1, 'c'));
    assertRefused("is not one of 6", array(6, "FLOAT", 1, 7, 1, f, 1, 'c'));
    assertRefused("is not one of 6", array(6, "FLOAT", 1, 5, 1, f, 1, 'c'));
    assertRefused("is not one of 6", array(6, "FLOAT", 1, -6, 1, f, 1, 'c'));
    assertRefused("is not one of 6", array(6, "FLOAT", 1, 6, 2, f, 1, 'c'));
    assertRefused("is not one of 6", array(6, "FLOAT", 1, 6, -1, f, 1, 'c'));
    assertRefused("is not one of 6", array(6, "FLOAT", 1, 6, 1, f, 1, 'x'));
    assertRefused("is not one of 6", array(6, "FLOAT", 1, 6, 1, 16384, 1, 'c'));
    assertRefused(
        "is not one of 6",
        array(6, "FLOAT", 2, 1L << 32, 1L << 32, 1, 1, f, 1, 'c')); // the product overflows
    assertRefused("cannot be of rank 3", array(6, "FLOAT", 3, 6, 1, f, 1, 'c'));
    assertRefused("a shape of 3 values", array(6, "FLOAT", 1, 6, 1));
    assertRefused("a shape of 100 values", array(6, "FLOAT", new long[100]));
    assertRefused("of type UTF8", array(6, "UTF8", 1, 6, 1, f, 1, 'c'));
  }
}
