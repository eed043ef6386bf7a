// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.onednn.internal.layer;

import static io.github.ema4j.onednn.internal.host.Scratch.BLOCK;

import io.github.ema4j.onednn.internal.host.Floats;
import io.github.ema4j.onednn.internal.host.Scratch;
import java.util.Optional;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationReLU;
import org.nd4j.linalg.activations.impl.ActivationReLU6;

/**
 * {@code y = min(max(x, 0), limit)}: ReLU has no limit, ReLU6 that of 6.
 *
 * <p>The gradient is found by operations on bits, as the compiler vectorises no comparison: a float
 * that is greater than 0 is an int that is, and of two such floats the greater is the greater int.
 * What is not a number passes forward, where ND4J's ReLU6 makes it 6, and has gradient 0.
 */
enum Rectifier {
  RELU(Float.POSITIVE_INFINITY, Float.floatToRawIntBits(Float.POSITIVE_INFINITY) + 1),
  RELU6(6, Float.floatToRawIntBits(6));

  private final float limit;

  /** The least positive number, as bits, whose gradient is 0. */
  private final int flatFrom;

  Rectifier(float limit, int flatFrom) {
    this.limit = limit;
    this.flatFrom = flatFrom;
  }

  /** The rectifier that an activation function is, if it is one. */
  static Optional<Rectifier> of(IActivation function) {
    if (function.getClass() == ActivationReLU6.class) {
      return Optional.of(RELU6);
    }
    if (function.getClass() == ActivationReLU.class) {
      ActivationReLU relu = (ActivationReLU) function;
      boolean plain =
          relu.getMax() == null && relu.getThreshold() == null && relu.getNegativeSlope() == null;
      return plain ? Optional.of(RELU) : Optional.empty();
    }
    return Optional.empty();
  }

  /** Computes y, which may be x itself. */
  void apply(Floats x, Floats y) {
    float[] block = Scratch.blocks()[0];
    for (int at = 0; at < x.length(); at += BLOCK) {
      int n = Math.min(BLOCK, x.length() - at);
      x.read(at, block, n);
      if (this == RELU) {
        atLeastZero(block, n);
      } else {
        between(block, limit, n);
      }
      y.write(at, block, n);
    }
  }

  /**
   * Computes the gradient dx of x from that of y; dx may be dy itself.
   *
   * @param x of ReLU the output does as well
   */
  void gradient(Floats x, Floats dy, Floats dx) {
    int[] of = Scratch.bits()[0];
    int[] gradient = Scratch.bits()[1];
    for (int at = 0; at < x.length(); at += BLOCK) {
      int n = Math.min(BLOCK, x.length() - at);
      x.readBits(at, of, n);
      dy.readBits(at, gradient, n);
      keepWherePositive(gradient, of, flatFrom, n);
      dx.writeBits(at, gradient, n);
    }
  }

  private static void atLeastZero(float[] x, int n) {
    for (int i = 0; i < n; i++) {
      x[i] = Math.max(x[i], 0);
    }
  }

  private static void between(float[] x, float limit, int n) {
    for (int i = 0; i < n; i++) {
      x[i] = Math.min(Math.max(x[i], 0), limit);
    }
  }

  /** Both factors are all ones where the float is greater than 0 and less than the limit. */
  private static void keepWherePositive(int[] gradient, int[] x, int flatFrom, int n) {
    for (int i = 0; i < n; i++) {
      int bits = x[i];
      gradient[i] &= ((-bits & ~bits) >> 31) & ((bits - flatFrom) >> 31);
    }
  }
}
