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
    INDArray actual = ArrayReader.read(in);
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
        EOFException.class, () -> ArrayReader.read(stream(Arrays.copyOf(bytes, bytes.length - 9))));
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
    ArrayReader.read(new DataInputStream(counting));
    assertTrue(calls.get() < 200, calls + " calls");
  }
}
