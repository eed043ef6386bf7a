// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.internal.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.Vectors;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Finite in, finite out: values up to the largest of their type, whose differences overflow. */
class ExtremesTest {
  private final List<AveragingKernel> kernels =
      List.of(new HostKernel(), new Nd4jKernel(), new Nd4jKernel(700));

  @Provide
  Arbitrary<DataType> paramTypes() {
    return Arbitraries.of(DataType.FLOAT, DataType.DOUBLE, DataType.HALF, DataType.BFLOAT16);
  }

  @Provide
  Arbitrary<Integer> lengths() {
    return Arbitraries.oneOf(
            Arbitraries.integers().between(1, 4000),
            Arbitraries.of(1, 159, 160, 959, 960, 961, 1920, 2880, 5760))
        .withoutEdgeCases();
  }

  @Provide
  Arbitrary<Double> decays() {
    return Arbitraries.of(
        1e-30, 0.2, Math.nextDown(0.5), 0.5, Math.nextUp(0.5), 0.75, 0.999, 0.99999, 1 - 1e-12);
  }

  /**
   * Within the rounding of {@code decay * shadow + (1 - decay) * params}: in units in the last
   * place of the larger magnitude, 2.5 as for ordinary values, and the half of a subnormal may
   * round.
   */
  @Property
  void theAverageOfFiniteValuesIsFiniteAndWhatTheFormulaSays(
      @ForAll("paramTypes") DataType paramType,
      @ForAll boolean inDouble,
      @ForAll("lengths") int length,
      @ForAll("decays") double decay,
      @ForAll long seed) {
    DataType type = inDouble || paramType == DataType.DOUBLE ? DataType.DOUBLE : DataType.FLOAT;
    INDArray params = extremes(paramType, length, seed);
    INDArray start = extremes(type, length, seed + 1);
    for (AveragingKernel kernel : kernels) {
      INDArray shadow = start.dup();
      assertTrue(
          kernel.lerp(params, new INDArray[] {shadow}, new double[] {decay}, Chunks.all(length)));
      for (int i = 0; i < length; i++) {
        double s = start.getDouble(i);
        double p = params.getDouble(i);
        double largest = Math.max(Math.abs(s), Math.abs(p));
        double ulp = type == DataType.FLOAT ? Math.ulp((float) largest) : Math.ulp(largest);
        BigDecimal error = formula(s, p, decay).subtract(new BigDecimal(shadow.getDouble(i))).abs();
        assertTrue(
            error.compareTo(new BigDecimal(3 * ulp)) <= 0,
            "%s: element %d, from %s towards %s became %s"
                .formatted(kernel, i, s, p, shadow.getDouble(i)));
      }
    }
  }

  private static BigDecimal formula(double s, double p, double decay) {
    BigDecimal d = new BigDecimal(decay);
    return d.multiply(new BigDecimal(s))
        .add(BigDecimal.ONE.subtract(d).multiply(new BigDecimal(p)));
  }

  @Property
  void extremesThatAreEqualStayBitExact(
      @ForAll("paramTypes") DataType paramType,
      @ForAll("lengths") int length,
      @ForAll("decays") double decay,
      @ForAll long seed) {
    DataType type = paramType == DataType.DOUBLE ? DataType.DOUBLE : DataType.FLOAT;
    INDArray params = extremes(paramType, length, seed);
    for (AveragingKernel kernel : kernels) {
      INDArray shadow = params.castTo(type).dup();
      long[] before = Vectors.bits(shadow);
      kernel.lerp(params, new INDArray[] {shadow}, new double[] {decay}, Chunks.all(length));
      assertArrayEquals(before, Vectors.bits(shadow), kernel.toString());
    }
  }

  /** In a block full of them, and each one alone among ordinary values, wherever it stands. */
  @Example
  void oneExtremeAmongOrdinaryValuesIsAveragedWhereverItStands() {
    for (DataType type : new DataType[] {DataType.FLOAT, DataType.DOUBLE}) {
      double largest = largest(type);
      int length = 2 * Block.LARGE + 300;
      for (AveragingKernel kernel : kernels) {
        for (int at = 0; at < length; at += 97) {
          double[] p = new double[length];
          double[] s = new double[length];
          Arrays.fill(p, 0.5);
          Arrays.fill(s, 1);
          p[at] = -largest;
          s[at] = largest;
          INDArray shadow = Vectors.of(type, s);
          kernel.lerp(
              Vectors.of(type, p),
              new INDArray[] {shadow},
              new double[] {0.75},
              Chunks.all(length));
          double[] after = shadow.toDoubleVector();
          for (int i = 0; i < length; i++) {
            assertEquals(i == at ? largest / 2 : 0.875, after[i], kernel + ", element " + i);
          }
        }
      }
    }
  }

  /** Half of the elements are among the largest, the others are ordinary or tiny. */
  private static INDArray extremes(DataType type, int length, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double largest = largest(type);
    double[] values = new double[length];
    for (int i = 0; i < length; i++) {
      double magnitude =
          switch (random.nextInt(8)) {
            case 0 -> largest;
            case 1 -> largest / 2;
            case 2 -> largest * random.nextDouble();
            case 3 -> largest * Math.pow(2, -random.nextDouble(60));
            case 4 -> 0;
            case 5 -> random.nextInt(8) * tiniest(type);
            default -> random.nextDouble();
          };
      values[i] = random.nextBoolean() ? magnitude : -magnitude;
    }
    return Nd4j.createFromArray(values).castTo(type);
  }

  private static double largest(DataType type) {
    return switch (type) {
      case HALF -> 65504;
      case BFLOAT16 -> 0x1.fep127;
      case FLOAT -> Float.MAX_VALUE;
      default -> Double.MAX_VALUE;
    };
  }

  private static double tiniest(DataType type) {
    return switch (type) {
      case HALF -> 0x1p-24;
      case BFLOAT16 -> 0x1p-133;
      case FLOAT -> Float.MIN_VALUE;
      default -> Double.MIN_VALUE;
    };
  }
}
