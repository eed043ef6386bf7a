// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.SplittableRandom;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Vectors for tests: made from numbers or at random, and compared by their bits. */
public final class Vectors {
  private Vectors() {}

  /** A rank 1 vector of the given values, each rounded to the type. */
  public static INDArray of(DataType type, double... values) {
    INDArray doubles = Nd4j.createFromArray(values);
    return type == DataType.DOUBLE ? doubles : doubles.castTo(type);
  }

  /** A rank 1 FLOAT vector. */
  public static INDArray floats(double... values) {
    return of(DataType.FLOAT, values);
  }

  /** A rank 1 DOUBLE vector. */
  public static INDArray doubles(double... values) {
    return of(DataType.DOUBLE, values);
  }

  /**
   * Finite values of every kind the type has: ordinary weights, both zeros, subnormals, and
   * magnitudes up to 1e37 (HALF: up to 60000). Half of them are ordinary.
   */
  public static INDArray random(DataType type, int length, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double largest = type == DataType.HALF ? 6e4 : 1e37;
    double subnormal =
        switch (type) {
          case HALF -> 0x1p-14;
          case FLOAT -> Float.MIN_NORMAL;
          default -> Double.MIN_NORMAL;
        };
    double[] values = new double[length];
    for (int i = 0; i < length; i++) {
      double signed = random.nextDouble(-1, 1);
      values[i] =
          switch (random.nextInt(8)) {
            case 0 -> Math.copySign(0.0, signed);
            case 1 -> signed * subnormal;
            case 2 -> signed * largest;
            case 3 -> signed * Math.pow(10, random.nextDouble(-4, 4));
            default -> signed;
          };
    }
    return of(type, values);
  }

  /**
   * The bits of every element, in order; a HALF value by those of the float that equals it. Two
   * vectors of one type have equal bits exactly when they are equal, zeros' signs included.
   */
  public static long[] bits(INDArray vector) {
    long[] bits = new long[(int) vector.length()];
    for (int i = 0; i < bits.length; i++) {
      bits[i] =
          vector.dataType() == DataType.DOUBLE
              ? Double.doubleToRawLongBits(vector.getDouble(i))
              : Float.floatToRawIntBits(vector.getFloat(i));
    }
    return bits;
  }

  /** Asserts the values within an absolute tolerance, element by element. */
  public static void assertValues(double[] expected, INDArray actual, double tolerance) {
    assertEquals(expected.length, actual.length(), "length");
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], actual.getDouble(i), tolerance, "element " + i);
    }
  }
}
