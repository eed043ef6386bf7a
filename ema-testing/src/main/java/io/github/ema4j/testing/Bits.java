// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.testing;

import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The exact elements of an array: two are equal if all bits are, the sign of zero included. */
public final class Bits {

  private final double[] values;

  private Bits(double[] values) {
    this.values = values;
  }

  /** Widening to double keeps every value of the narrower types apart. */
  public static Bits of(INDArray array) {
    return new Bits(
        array == null ? new double[0] : array.reshape(array.length()).dup().data().asDouble());
  }

  public static Bits of(float[] array) {
    double[] values = new double[array.length];
    Arrays.setAll(values, i -> array[i]);
    return new Bits(values);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Bits that && Arrays.equals(values, that.values);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(values);
  }

  @Override
  public String toString() {
    return "%d values with hash %08x, from %s"
        .formatted(
            values.length,
            hashCode(),
            Arrays.toString(Arrays.copyOf(values, Math.min(4, values.length))));
  }
}
