// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.internal.kernel;

import static io.github.ema4j.core.Vectors.bits;
import static io.github.ema4j.core.Vectors.random;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.Ranges;
import io.github.ema4j.core.Vectors;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.bytedeco.javacpp.IntPointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** What each element becomes: by its own parameter alone, and only inside the ranges. */
class ElementsTest {
  private static final double[] NOT_FINITE = {
    Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY
  };

  private final AveragingKernel host = new HostKernel();
  private final AveragingKernel nd4j = new Nd4jKernel();
  private final List<AveragingKernel> kernels = List.of(host, new Nd4jKernel(700));

  /**
   * Arrays are views with offsets into larger ones. {@code bad} is the share of parameters that are
   * not finite; {@code dense} that of elements in the ranges.
   */
  record Case(DataType type, int length, int offset, long seed, double bad, double dense) {
    INDArray params() {
      INDArray params = asView(random(type, length, seed));
      SplittableRandom random = new SplittableRandom(seed);
      for (int i = 0; i < length; i++) {
        if (random.nextDouble() < bad) {
          params.putScalar(i, NOT_FINITE[random.nextInt(NOT_FINITE.length)]);
        }
      }
      return params;
    }

    INDArray shadow(DataType shadowType, int number) {
      return asView(random(shadowType, length, seed + 1 + number));
    }

    private INDArray asView(INDArray values) {
      INDArray flat = Nd4j.valueArrayOf(new long[] {length + 2L * offset}, 7, values.dataType());
      INDArray view = flat.get(NDArrayIndex.interval(offset, offset + length));
      view.assign(values);
      return view;
    }

    Chunks ranges() {
      if (dense == 1) {
        return Chunks.all(length);
      }
      SplittableRandom random = new SplittableRandom(seed + 99);
      List<Integer> chosen = new ArrayList<>();
      boolean inside = false;
      for (int i = 0; i < length; i++) {
        inside = random.nextInt(10) == 0 ? random.nextDouble() < dense : inside;
        if (inside) {
          chosen.add(i);
        }
      }
      long[] from = chosen.stream().mapToLong(i -> i).toArray();
      long[] to = chosen.stream().mapToLong(i -> i + 1).toArray();
      return chunks(length, from, to);
    }
  }

  /** Ranges in any order, which may touch or be empty. */
  static Chunks chunks(long length, long[] from, long[] to) {
    Ranges ranges = Ranges.of(length, from, to);
    return Chunks.of(length, ranges.starts(), ranges.ends());
  }

  @Provide
  Arbitrary<Case> cases() {
    return Combinators.combine(
            Arbitraries.of(DataType.FLOAT, DataType.DOUBLE, DataType.HALF, DataType.BFLOAT16),
            Arbitraries.oneOf(
                Arbitraries.integers().between(1, 4000),
                Arbitraries.of(1, 159, 160, 161, 959, 960, 961),
                Arbitraries.of(2879, 2880, 2881, 4096, 10_000)),
            Arbitraries.integers().between(0, 40),
            Arbitraries.longs(),
            Arbitraries.of(0.0, 0.001, 0.1, 0.9, 1.0),
            Arbitraries.of(0.0, 0.3, 0.8, 1.0))
        .as(Case::new)
        .withoutEdgeCases();
  }

  @Provide
  Arbitrary<Double> decays() {
    return Arbitraries.of(0.0, 0.3, 0.5, 0.75, 0.9999, 1.0);
  }

  @Property
  void aHostShadowMovesByTheFormulaWhereTheParameterIsFiniteAndInRange(
      @ForAll("cases") Case given, @ForAll("decays") double decay) {
    INDArray params = given.params();
    Chunks ranges = given.ranges();
    INDArray floats = given.shadow(DataType.FLOAT, 0);
    INDArray doubles = given.shadow(DataType.DOUBLE, 1);
    boolean[] moving = moving(params, ranges);
    double[] expectedFloats = floats.toDoubleVector();
    double[] expectedDoubles = doubles.toDoubleVector();
    for (int i = 0; i < moving.length; i++) {
      if (moving[i]) {
        double p = params.getDouble(i);
        expectedFloats[i] = lerp((float) expectedFloats[i], (float) p, decay);
        expectedDoubles[i] = lerp(expectedDoubles[i], p, decay);
      }
    }
    boolean finite =
        host.lerp(params, new INDArray[] {floats, doubles}, new double[] {decay, decay}, ranges);
    assertEquals(allFinite(params, ranges), finite);
    assertArrayEquals(doubleBits(expectedFloats), doubleBits(floats.toDoubleVector()));
    assertArrayEquals(doubleBits(expectedDoubles), doubleBits(doubles.toDoubleVector()));
  }

  private static float lerp(float s, float p, double decay) {
    float weight = (float) (1 - decay);
    if (decay == 0 || decay == 1) {
      return decay == 0 ? p : s;
    }
    return weight < 0.5f ? s - weight * (s - p) : p - (float) decay * (p - s);
  }

  private static double lerp(double s, double p, double decay) {
    if (decay == 0 || decay == 1) {
      return decay == 0 ? p : s;
    }
    return 1 - decay < 0.5 ? s - (1 - decay) * (s - p) : p - decay * (p - s);
  }

  @Property
  void theNd4jKernelMovesTheSameElementsToTheSameValuesButForRounding(
      @ForAll("cases") Case given, @ForAll("decays") double decay) {
    INDArray params = given.params();
    Chunks ranges = given.ranges();
    boolean[] moving = moving(params, ranges);
    for (DataType type : new DataType[] {DataType.FLOAT, DataType.DOUBLE}) {
      INDArray start = given.shadow(type, 0);
      INDArray byHost = given.shadow(type, 0);
      INDArray byNd4j = given.shadow(type, 0);
      double[] decays = {decay};
      boolean finite = host.lerp(params, new INDArray[] {byHost}, decays, ranges);
      assertEquals(finite, nd4j.lerp(params, new INDArray[] {byNd4j}, decays, ranges));
      for (int i = 0; i < moving.length; i++) {
        double largest = Math.max(Math.abs(params.getDouble(i)), Math.abs(start.getDouble(i)));
        double ulp = type == DataType.FLOAT ? Math.ulp((float) largest) : Math.ulp(largest);
        double tolerance = moving[i] ? 7 * ulp : 0;
        assertEquals(byHost.getDouble(i), byNd4j.getDouble(i), tolerance, "element " + i);
      }
    }
  }

  @Property
  void copiesLeaveOutWhatIsNotFiniteOrOutOfRange(
      @ForAll("cases") Case given, @ForAll("cases") Case other) {
    INDArray from = given.params();
    Chunks ranges = given.ranges();
    boolean[] moving = moving(from, ranges);
    INDArray rounded = from.castTo(other.type());
    long[] expected = bits(given.shadow(other.type(), 0));
    long[] source = bits(rounded);
    for (int i = 0; i < moving.length; i++) {
      if (moving[i]) {
        expected[i] = source[i];
      }
    }
    for (AveragingKernel kernel : kernels) {
      INDArray to = given.shadow(other.type(), 0);
      assertEquals(allFinite(from, ranges), kernel.copy(from, to, ranges));
      assertArrayEquals(expected, bits(to), kernel.toString());
    }
  }

  @Property
  void swapsExchangeEveryBitInsideTheRangesAndNoneOutside(@ForAll("cases") Case given) {
    Chunks ranges = given.ranges();
    INDArray everything = Nd4j.ones(DataType.FLOAT, given.length());
    boolean[] inside = moving(everything, ranges);
    for (AveragingKernel kernel : kernels) {
      INDArray a = given.params();
      INDArray b = given.shadow(given.type(), 0);
      long[] bitsOfA = bits(a);
      long[] bitsOfB = bits(b);
      kernel.swap(a, b, ranges);
      for (int i = 0; i < inside.length; i++) {
        if (inside[i]) {
          long saved = bitsOfA[i];
          bitsOfA[i] = bitsOfB[i];
          bitsOfB[i] = saved;
        }
      }
      assertArrayEquals(bitsOfA, bits(a), kernel.toString());
      assertArrayEquals(bitsOfB, bits(b), kernel.toString());
    }
  }

  @Property
  void nothingIsWrittenOutsideAView(@ForAll("cases") Case given) {
    for (AveragingKernel kernel : kernels) {
      INDArray flat = Nd4j.create(DataType.FLOAT, given.length() + 2L * given.offset());
      INDArray view =
          flat.get(NDArrayIndex.interval(given.offset(), given.offset() + given.length()));
      kernel.lerp(
          given.params(), new INDArray[] {view}, new double[] {0}, Chunks.all(given.length()));
      for (int i = 0; i < given.offset(); i++) {
        assertEquals(0, flat.getDouble(i));
        assertEquals(0, flat.getDouble(flat.length() - 1 - i));
      }
    }
  }

  @Property
  void swapsOfViewsAnywhereInMemoryExchangeTheseAndNothingAroundThem(
      @ForAll("cases") Case given, @ForAll @IntRange(max = 40) int otherOffset) {
    int length = given.length();
    INDArray flat = random(given.type(), length + 2 * given.offset(), given.seed());
    INDArray other = random(given.type(), length + 2 * otherOffset, given.seed() + 1);
    long[] bitsOfFlat = bits(flat);
    long[] bitsOfOther = bits(other);
    host.swap(
        flat.get(NDArrayIndex.interval(given.offset(), given.offset() + length)),
        other.get(NDArrayIndex.interval(otherOffset, otherOffset + length)),
        Chunks.all(length));
    for (int i = 0; i < length; i++) {
      long saved = bitsOfFlat[given.offset() + i];
      bitsOfFlat[given.offset() + i] = bitsOfOther[otherOffset + i];
      bitsOfOther[otherOffset + i] = saved;
    }
    assertArrayEquals(bitsOfFlat, bits(flat));
    assertArrayEquals(bitsOfOther, bits(other));
  }

  @Property
  void aShadowGetsTheSameBitsAloneAsInAGroup(@ForAll("cases") Case given) {
    DataType[] types = {DataType.FLOAT, DataType.DOUBLE, DataType.FLOAT, DataType.DOUBLE};
    double[] decays = {0.9999, 0.3, 0, 0.75};
    INDArray params = given.params();
    Chunks ranges = given.ranges();
    for (AveragingKernel kernel : kernels) {
      INDArray[] together = new INDArray[types.length];
      for (int i = 0; i < types.length; i++) {
        together[i] = given.shadow(types[i], i);
      }
      kernel.lerp(params, together, decays, ranges);
      for (int i = 0; i < types.length; i++) {
        INDArray alone = given.shadow(types[i], i);
        kernel.lerp(params, new INDArray[] {alone}, new double[] {decays[i]}, ranges);
        assertArrayEquals(bits(alone), bits(together[i]), kernel + ", shadow " + i);
      }
    }
  }

  /** Long enough for several threads. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 7})
  void anyNumberOfThreadsChunksAndTinyRangesGivesTheBitsOfOneElementAtATime(int helpers) {
    AveragingKernel kernel = new HostKernel(helpers);
    int length = 1_500_000;
    INDArray params = Nd4j.rand(DataType.FLOAT, length).subi(0.5);
    SplittableRandom random = new SplittableRandom(5);
    for (int i = 0; i < 1000; i++) {
      params.putScalar(random.nextInt(length), NOT_FINITE[i % 3]);
    }
    INDArray start = Nd4j.rand(DataType.FLOAT, length).subi(0.5);
    int count = 200_000;
    long[] from = new long[count];
    long[] to = new long[count];
    for (int i = 0; i < count; i++) {
      from[i] = 7L * i;
      to[i] = 7L * i + 3;
    }
    for (Chunks ranges : List.of(Chunks.all(length), chunks(length, from, to))) {
      float[] p = params.toFloatVector();
      float[] expected = start.toFloatVector();
      for (int range = 0; range < ranges.size(); range++) {
        for (int i = (int) ranges.from(range); i < ranges.to(range); i++) {
          expected[i] = Float.isFinite(p[i]) ? lerp(expected[i], p[i], 0.999) : expected[i];
        }
      }
      for (int repeat = 0; repeat < 10; repeat++) {
        INDArray shadow = start.dup();
        assertFalse(kernel.lerp(params, new INDArray[] {shadow}, new double[] {0.999}, ranges));
        assertArrayEquals(expected, shadow.toFloatVector());
        INDArray swapped = params.dup();
        kernel.swap(swapped, shadow, Chunks.all(length));
        assertArrayEquals(expected, swapped.toFloatVector());
        assertArrayEquals(p, shadow.toFloatVector());
      }
    }
  }

  @Test
  void noRangesMeanNoWork() {
    INDArray params = Vectors.floats(Double.NaN, 1);
    Chunks none = chunks(2, new long[0], new long[0]);
    for (AveragingKernel kernel : kernels) {
      INDArray shadow = Vectors.floats(2, 3);
      assertTrue(kernel.lerp(params, new INDArray[] {shadow}, new double[] {0}, none));
      assertArrayEquals(bits(Vectors.floats(2, 3)), bits(shadow));
    }
  }

  /** Sums of these overflow, but they are finite. */
  @Test
  void theLargestFiniteValuesAreAveragedLikeOthers() {
    for (DataType type : new DataType[] {DataType.FLOAT, DataType.DOUBLE}) {
      double largest = type == DataType.FLOAT ? Float.MAX_VALUE : Double.MAX_VALUE;
      INDArray params = Nd4j.valueArrayOf(new long[] {2000}, largest, type);
      INDArray shadow = Nd4j.create(type, 2000);
      double[] decays = {0.75};
      assertTrue(host.lerp(params, new INDArray[] {shadow}, decays, Chunks.all(2000)));
      for (int i = 0; i < 2000; i++) {
        assertEquals(largest / 4, shadow.getDouble(i));
      }
    }
  }

  /** Including signalling NaNs, which arithmetic would change. */
  @Test
  void swapsAndUntouchedElementsKeepThePayloadsOfNaN() {
    int[] nan = {0x7F800001, 0x7FC12345, 0xFFFFFFFF, 0x7FBFFFFF};
    INDArray params = Nd4j.create(DataType.FLOAT, 600);
    INDArray shadow = Nd4j.create(DataType.FLOAT, 600);
    IntPointer paramBits = new IntPointer(params.data().pointer());
    IntPointer shadowBits = new IntPointer(shadow.data().pointer());
    for (int i = 0; i < 600; i++) {
      paramBits.put(i, nan[i % 4]);
      shadowBits.put(i, nan[(i + 1) % 4]);
    }
    host.lerp(params, new INDArray[] {shadow}, new double[] {0.9}, Chunks.all(600));
    for (int i = 0; i < 600; i++) {
      assertEquals(nan[(i + 1) % 4], shadowBits.get(i), "kept " + i);
    }
    host.swap(params, shadow, Chunks.all(600));
    for (int i = 0; i < 600; i++) {
      assertEquals(nan[(i + 1) % 4], paramBits.get(i), "swapped " + i);
      assertEquals(nan[i % 4], shadowBits.get(i), "swapped " + i);
    }
  }

  @Test
  void rangesOfAnotherLengthAreRefused() {
    INDArray a = Vectors.floats(1, 2, 3);
    INDArray b = Vectors.floats(1, 2, 3);
    assertThrows(IllegalArgumentException.class, () -> host.swap(a, b, Chunks.all(4)));
    assertThrows(
        IllegalArgumentException.class,
        () -> host.swap(a, b.castTo(DataType.DOUBLE), Chunks.all(3)));
  }

  /** Which elements are in the ranges and finite. */
  private static boolean[] moving(INDArray params, Chunks ranges) {
    boolean[] moving = new boolean[(int) params.length()];
    for (int range = 0; range < ranges.size(); range++) {
      for (long i = ranges.from(range); i < ranges.to(range); i++) {
        moving[(int) i] = Double.isFinite(params.getDouble(i));
      }
    }
    return moving;
  }

  private static boolean allFinite(INDArray params, Chunks ranges) {
    int finite = 0;
    for (boolean moves : moving(params, ranges)) {
      finite += moves ? 1 : 0;
    }
    return finite == ranges.count();
  }

  private static long[] doubleBits(double[] values) {
    long[] bits = new long[values.length];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = Double.doubleToLongBits(values[i]);
    }
    return bits;
  }
}
