// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.internal.kernel;

import static io.github.ema4j.core.Vectors.bits;
import static io.github.ema4j.core.Vectors.floats;
import static io.github.ema4j.core.Vectors.random;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.Vectors;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Both kernels on the same data, and each against its contract. */
class KernelPropertiesTest {
  private final AveragingKernel host = new HostKernel();
  private final AveragingKernel nd4j = new Nd4jKernel();
  private final List<AveragingKernel> kernels = List.of(host, nd4j, new Nd4jKernel(700));

  @Provide
  Arbitrary<DataType> paramTypes() {
    return Arbitraries.of(DataType.FLOAT, DataType.DOUBLE, DataType.HALF, DataType.BFLOAT16);
  }

  @Provide
  Arbitrary<DataType> shadowTypes() {
    return Arbitraries.of(DataType.FLOAT, DataType.DOUBLE);
  }

  @Provide
  Arbitrary<Integer> lengths() {
    return Arbitraries.oneOf(
            Arbitraries.integers().between(1, 5000), Arbitraries.of(1, 2, 511, 959, 960, 961, 2880))
        .withoutEdgeCases();
  }

  @Provide
  Arbitrary<Double> decays() {
    return Arbitraries.oneOf(
            Arbitraries.doubles().between(0, 1).ofScale(6),
            Arbitraries.doubles().between(0.99, 1).ofScale(9),
            Arbitraries.of(0.0, 1e-30, 0.5, Math.nextDown(0.5), 0.9999, Math.nextDown(1.0), 1.0))
        .withoutEdgeCases();
  }

  private static void lerp(AveragingKernel kernel, INDArray params, INDArray shadow, double decay) {
    assertTrue(tryLerp(kernel, params, shadow, decay));
  }

  /** Returns whether all parameters were finite. */
  private static boolean tryLerp(
      AveragingKernel kernel, INDArray params, INDArray shadow, double decay) {
    Chunks all = Chunks.all(params.length());
    return kernel.lerp(params, new INDArray[] {shadow}, new double[] {decay}, all);
  }

  /**
   * Both round each of their three operations (difference, product, sum) and the weight. A rounding
   * errs by half a unit in the last place, and the difference may be twice the larger magnitude, so
   * that each kernel errs by at most 1 + 1 + 1/2 units of it and one more for the weight.
   */
  @Property
  void hostAndNd4jKernelAgreeWithinSevenUlpsOfTheLargerMagnitude(
      @ForAll("paramTypes") DataType paramType,
      @ForAll("shadowTypes") DataType shadowType,
      @ForAll("lengths") int length,
      @ForAll long seed,
      @ForAll("decays") double decay) {
    INDArray params = random(paramType, length, seed);
    INDArray start = random(shadowType, length, seed + 1);
    INDArray byHost = start.dup();
    INDArray byNd4j = start.dup();
    lerp(host, params, byHost, decay);
    lerp(nd4j, params, byNd4j, decay);
    double[] p = params.castTo(shadowType).toDoubleVector();
    for (int i = 0; i < length; i++) {
      double largest = Math.max(Math.abs(p[i]), Math.abs(start.getDouble(i)));
      double ulp = shadowType == DataType.FLOAT ? Math.ulp((float) largest) : Math.ulp(largest);
      assertEquals(byHost.getDouble(i), byNd4j.getDouble(i), 7 * ulp, "element " + i);
    }
  }

  @Property
  void equalValuesStayBitExactInBothKernels(
      @ForAll("shadowTypes") DataType type,
      @ForAll("lengths") int length,
      @ForAll long seed,
      @ForAll("decays") double decay) {
    for (AveragingKernel kernel : kernels) {
      INDArray shadow = random(type, length, seed);
      lerp(kernel, random(type, length, seed), shadow, decay);
      assertArrayEquals(bits(random(type, length, seed)), bits(shadow), kernel.toString());
    }
  }

  @Property
  void elementsAreReadAsTheyAreAndWrittenRoundedOnce(
      @ForAll("paramTypes") DataType type, @ForAll("lengths") int length, @ForAll long seed) {
    Chunks ranges =
        ElementsTest.chunks(
            length, new long[] {0, length / 2}, new long[] {length / 3, (length + length / 2) / 2});
    for (AveragingKernel kernel : kernels) {
      INDArray array = random(type, length, seed);
      double[] read = new double[(int) ranges.count()];
      kernel.read(array, ranges, read);
      int next = 0;
      for (int range = 0; range < ranges.size(); range++) {
        for (long i = ranges.from(range); i < ranges.to(range); i++) {
          assertEquals(array.getDouble(i), read[next++], kernel + ", element " + i);
        }
      }
      if (type.width() == 2) {
        continue; // parameters only, never written
      }
      INDArray written = random(type, length, seed + 1);
      long[] expected = bits(written);
      long[] values = bits(array);
      for (int range = 0; range < ranges.size(); range++) {
        int from = (int) ranges.from(range);
        System.arraycopy(values, from, expected, from, (int) ranges.to(range) - from);
      }
      kernel.write(read, written, ranges);
      assertArrayEquals(expected, bits(written), kernel.toString());
    }
  }

  @Property
  void decayZeroCopiesAndDecayOneKeepsInBothKernels(
      @ForAll("paramTypes") DataType paramType,
      @ForAll("shadowTypes") DataType shadowType,
      @ForAll("lengths") int length,
      @ForAll long seed) {
    INDArray params = random(paramType, length, seed);
    INDArray start = random(shadowType, length, seed + 1);
    for (AveragingKernel kernel : kernels) {
      INDArray shadow = start.dup();
      lerp(kernel, params, shadow, 1);
      assertArrayEquals(bits(start), bits(shadow), kernel.toString());
      lerp(kernel, params, shadow, 0);
      assertArrayEquals(bits(params.castTo(shadowType)), bits(shadow), kernel.toString());
    }
  }

  @Property
  void bothKernelsCopyWithTheSameRounding(
      @ForAll("paramTypes") DataType fromType,
      @ForAll("paramTypes") DataType toType,
      @ForAll("lengths") int length,
      @ForAll long seed) {
    INDArray from = random(fromType, length, seed);
    INDArray byHost = Nd4j.create(toType, length);
    INDArray byNd4j = Nd4j.create(toType, length);
    host.copy(from, byHost, Chunks.all(length));
    nd4j.copy(from, byNd4j, Chunks.all(length));
    assertArrayEquals(bits(byNd4j), bits(byHost));
  }

  @Property
  void swapExchangesBitsInBothKernels(
      @ForAll("paramTypes") DataType type, @ForAll("lengths") int length, @ForAll long seed) {
    for (AveragingKernel kernel : kernels) {
      INDArray a = random(type, length, seed);
      INDArray b = random(type, length, seed + 1);
      kernel.swap(a, b, Chunks.all(length));
      assertArrayEquals(bits(random(type, length, seed + 1)), bits(a), kernel.toString());
      assertArrayEquals(bits(random(type, length, seed)), bits(b), kernel.toString());
    }
  }

  @Property
  void oneValueThatIsNotFiniteIsFoundWhereverItStands(
      @ForAll("paramTypes") DataType type,
      @ForAll("lengths") int length,
      @ForAll long seed,
      @ForAll @IntRange(min = 0, max = 4999) int position) {
    INDArray params = random(type, length, seed);
    for (AveragingKernel kernel : kernels) {
      assertTrue(kernel.isFinite(params), kernel.toString());
      for (double bad :
          new double[] {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY}) {
        INDArray poisoned = params.dup();
        poisoned.putScalar(position % length, bad);
        assertFalse(kernel.isFinite(poisoned), kernel + " overlooked " + bad);
      }
    }
  }

  @Example
  void theLargestFiniteValuesAreFinite() {
    for (AveragingKernel kernel : kernels) {
      assertTrue(kernel.isFinite(floats(Float.MAX_VALUE, Float.MAX_VALUE, -Float.MAX_VALUE)));
      assertTrue(kernel.isFinite(Vectors.doubles(Double.MAX_VALUE, Double.MAX_VALUE)));
      assertTrue(kernel.isFinite(Vectors.of(DataType.HALF, 65504, 65504, 65504)));
    }
  }

  /** The parts are too short for a second thread and for the blocks of a long array. */
  @Example
  void severalThreadsAndOtherBlocksGiveTheSameBitsAsOne() {
    int length = (1 << 22) + 12_345;
    int part = 60_000;
    INDArray params = Nd4j.rand(DataType.FLOAT, length).subi(0.5);
    for (int i = 500; i < length; i += 511 * 2047) {
      params.putScalar(i, Float.NaN);
    }
    INDArray start = Nd4j.rand(DataType.FLOAT, length).subi(0.5);
    for (double decay : new double[] {0, 0.3, 0.999}) {
      INDArray whole = start.dup();
      assertFalse(tryLerp(host, params, whole, decay));
      INDArray inParts = start.dup();
      for (long from = 0; from < length; from += part) {
        var range = NDArrayIndex.interval(from, Math.min(length, from + part));
        tryLerp(host, params.get(range), inParts.get(range), decay);
      }
      assertArrayEquals(whole.data().asFloat(), inParts.data().asFloat());
    }
    INDArray a = start.dup();
    INDArray b = params.dup();
    host.swap(a, b, Chunks.all(length));
    assertArrayEquals(params.data().asFloat(), a.data().asFloat());
    assertArrayEquals(start.data().asFloat(), b.data().asFloat());
    assertTrue(host.isFinite(b));
    b.putScalar(length - 1, Float.NaN);
    assertFalse(host.isFinite(b));
  }

  /** All halves and the points half way between neighbours, where ties must go to the even one. */
  @Example
  void floatsBecomeTheNearestHalfAndTiesTheEvenOne() {
    INDArray to = Nd4j.create(DataType.HALF, 6);
    for (int bits = 0; bits < 0x7BFF; bits++) {
      float value = half(bits);
      float next = half(bits + 1);
      float tie = value + (next - value) / 2;
      float even = bits % 2 == 0 ? value : next;
      float[] from = {value, Math.nextDown(tie), tie, Math.nextUp(tie), -value, -tie};
      float[] expected = {value, value, even, next, -value, -even};
      host.copy(Nd4j.createFromArray(from), to, Chunks.all(6));
      assertArrayEquals(expected, to.castTo(DataType.FLOAT).toFloatVector(), "at " + value);
    }
  }

  @Example
  void matricesArePairedInMemoryOrderByBothKernels() {
    for (char order : new char[] {'c', 'f'}) {
      for (AveragingKernel kernel : kernels) {
        INDArray params = Nd4j.rand(DataType.FLOAT, 7, 5).dup(order);
        INDArray shadow = Nd4j.create(DataType.FLOAT, new long[] {7, 5}, order);
        Chunks ranges = Chunks.of(35, new long[] {3}, new long[] {35});
        kernel.lerp(params, new INDArray[] {shadow}, new double[] {0.75}, ranges);
        for (int i = 0; i < 35; i++) {
          float expected = i < 3 ? 0 : 0.25f * params.data().getFloat(i);
          assertEquals(expected, shadow.data().getFloat(i), 1e-7f, kernel + " " + order);
        }
        kernel.swap(params, shadow, Chunks.all(35));
        assertEquals(0, params.data().getFloat(2));
      }
    }
  }

  /** The value of a finite non-negative half, by definition. */
  private static float half(int bits) {
    int exponent = bits >>> 10;
    int fraction = bits & 0x3FF;
    return exponent == 0 ? fraction * 0x1p-24f : Math.scalb(1 + fraction * 0x1p-10f, exponent - 15);
  }
}
