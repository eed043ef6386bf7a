// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core;

import static io.github.ema4j.core.Vectors.bits;
import static io.github.ema4j.core.Vectors.doubles;
import static io.github.ema4j.core.Vectors.floats;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.schedule.DecaySchedule;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Wrong input is refused at once, by name and value, and leaves everything as it was. */
class ParameterAverageBadInputTest {

  @Nested
  class Start {
    private final AveragingConfig config = AveragingConfig.of(0.9);

    @Test
    void nulls() {
      assertThrows(NullPointerException.class, () -> new ParameterAverage(null, floats(1)));
      assertThrows(NullPointerException.class, () -> new ParameterAverage(config, null));
    }

    @Test
    void noParameters() {
      refused(() -> new ParameterAverage(config, Nd4j.empty(DataType.FLOAT)), "empty");
    }

    @ParameterizedTest
    @EnumSource(
        value = DataType.class,
        names = {"INT", "LONG", "BOOL", "BYTE"})
    void parametersThatAreNotFloatingPoint(DataType type) {
      refused(() -> new ParameterAverage(config, Nd4j.zeros(type, 3)), "floating", type.toString());
    }

    @ParameterizedTest
    @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
    void weightsThatAreNotFinite(double bad) {
      for (DataType type : new DataType[] {DataType.HALF, DataType.FLOAT, DataType.DOUBLE}) {
        INDArray start = Vectors.of(type, 1, 2, bad, 4);
        assertThrows(NonFiniteParametersException.class, () -> new ParameterAverage(config, start));
      }
    }

    @Test
    void doublesInAFloatShadow() {
      AveragingConfig inFloat =
          AveragingConfig.builder().decay(0.9).shadowType(DataType.FLOAT).build();
      assertThrows(
          IllegalArgumentException.class, () -> new ParameterAverage(inFloat, doubles(1, 2)));
    }
  }

  @Nested
  class Updates {
    private final ParameterAverage average =
        new ParameterAverage(AveragingConfig.of(0.9), floats(1, 2, 3));

    @Test
    void nulls() {
      leavesTheAverageAlone(NullPointerException.class, null);
    }

    @Test
    void otherLengths() {
      leavesTheAverageAlone(IllegalArgumentException.class, floats(1, 2));
      leavesTheAverageAlone(IllegalArgumentException.class, floats(1, 2, 3, 4));
      leavesTheAverageAlone(IllegalArgumentException.class, Nd4j.scalar(1f));
      refused(() -> average.update(floats(1, 2)), "3", "2");
    }

    @Test
    void otherTypes() {
      for (DataType type : new DataType[] {DataType.DOUBLE, DataType.HALF, DataType.INT}) {
        leavesTheAverageAlone(IllegalArgumentException.class, Vectors.of(type, 1, 2, 3));
        refused(() -> average.update(Vectors.of(type, 1, 2, 3)), "FLOAT", type.toString());
      }
    }

    @Test
    void stridedVectors() {
      INDArray column = Nd4j.rand(DataType.FLOAT, 3, 5).getColumn(2);
      INDArray everySecond = Nd4j.rand(DataType.FLOAT, 6).get(NDArrayIndex.interval(0, 2, 6));
      leavesTheAverageAlone(IllegalArgumentException.class, column);
      leavesTheAverageAlone(IllegalArgumentException.class, everySecond);
    }

    @Test
    void aScheduleThatLeavesZeroToOne() {
      DecaySchedule wrong =
          new DecaySchedule() {
            @Override
            public double decayAt(long update) {
              return 1.5;
            }

            @Override
            public String spec() {
              return "wrong()";
            }
          };
      ParameterAverage ofWrong =
          new ParameterAverage(AveragingConfig.builder().schedule(wrong).build(), floats(1, 2, 3));
      IllegalStateException e =
          assertThrows(IllegalStateException.class, () -> ofWrong.update(floats(4, 5, 6)));
      assertTrue(e.getMessage().contains("wrong()") && e.getMessage().contains("1.5"));
      assertArrayEquals(bits(floats(1, 2, 3)), bits(ofWrong.shadow()));
      assertEquals(0, ofWrong.updateCount());
    }

    private void leavesTheAverageAlone(Class<? extends Exception> expected, INDArray params) {
      assertThrows(expected, () -> average.update(params));
      assertThrows(expected, () -> average.set(params));
      assertThrows(expected, () -> average.swap(params));
      assertArrayEquals(bits(floats(1, 2, 3)), bits(average.shadow()));
      assertEquals(0, average.stepCount());
      assertFalse(average.isSwapped());
    }
  }

  /** Matrices are paired element by element or refused, never shuffled. */
  @Nested
  class Matrices {
    private final INDArray start = Nd4j.createFromArray(new float[][] {{1, 2, 3}, {4, 5, 6}});
    private final ParameterAverage average = new ParameterAverage(AveragingConfig.of(0.5), start);

    @Test
    void theSameLayoutIsAveraged() {
      average.update(start.mul(3));
      assertEquals(start.mul(2), average.shadow());
    }

    @Test
    void anotherLayoutOfTheSameShapeIsRefused() {
      INDArray fortran = start.dup('f');
      assertEquals(start, fortran);
      refused(() -> average.update(fortran), "order");
    }

    @Test
    void aTransposedMatrixIsRefused() {
      refused(() -> average.update(start.transpose()), "shape");
    }

    @Test
    void partOfAWiderMatrixIsRefused() {
      INDArray wide = Nd4j.rand(DataType.FLOAT, 2, 5);
      INDArray columns = wide.get(NDArrayIndex.all(), NDArrayIndex.interval(0, 3));
      refused(() -> average.update(columns), "stride");
      refused(() -> new ParameterAverage(AveragingConfig.of(0.5), columns), "stride");
    }

    @Test
    void aTransposedStartIsAveragedWithItsLike() {
      ParameterAverage ofTransposed =
          new ParameterAverage(AveragingConfig.of(0.5), start.transpose());
      assertEquals(start.transpose(), ofTransposed.shadow());
      ofTransposed.update(start.mul(3).transpose());
      assertEquals(start.mul(2).transpose(), ofTransposed.shadow());
    }

    @Test
    void aRowVectorAndAFlatOneAreTheSameParameters() {
      ParameterAverage ofRow =
          new ParameterAverage(AveragingConfig.of(0.5), floats(1, 2, 3).reshape(1, 3));
      ofRow.update(floats(3, 4, 5));
      assertArrayEquals(bits(floats(2, 3, 4)), bits(ofRow.shadow().reshape(3)));
    }
  }

  @Nested
  class NonFiniteParameters {
    private final double[] bad = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY};

    @ParameterizedTest
    @EnumSource(
        value = DataType.class,
        names = {"HALF", "FLOAT", "DOUBLE"})
    void skipLeavesTheirElementsInBitsAndCounts(DataType type) {
      ParameterAverage average =
          new ParameterAverage(AveragingConfig.of(0.9), Vectors.of(type, 0.1, -0.0, 1e-7));
      average.update(Vectors.of(type, 1, 2, 3));
      long before = bits(average.shadow())[1];
      for (int i = 0; i < bad.length; i++) {
        assertFalse(average.update(Vectors.of(type, 1, bad[i], 3)));
        assertEquals(before, bits(average.shadow())[1]);
        assertEquals(i + 1, average.skippedUpdates());
      }
      assertEquals(4, average.stepCount());
      assertEquals(1, average.updateCount());
      assertEquals(0.9, average.initialShare());
      assertTrue(average.update(Vectors.of(type, 1, 2, 3)));
      assertEquals(2, average.updateCount());
      assertEquals(3, average.skippedUpdates());
    }

    @Test
    void throwLeavesTheShadowInBitsAndCounts() {
      ParameterAverage average =
          new ParameterAverage(
              AveragingConfig.builder().decay(0.9).onNonFinite(NonFinitePolicy.THROW).build(),
              floats(0.1, 0.2));
      average.update(floats(1, 2));
      long[] before = bits(average.shadow());
      for (int i = 0; i < bad.length; i++) {
        INDArray params = floats(1, bad[i]);
        assertThrows(NonFiniteParametersException.class, () -> average.update(params));
        assertArrayEquals(before, bits(average.shadow()));
        assertEquals(i + 1, average.skippedUpdates());
        assertEquals(i + 2, average.stepCount());
      }
      assertEquals(1, average.updateCount());
      assertTrue(average.update(floats(1, 2)));
    }

    @Test
    void beforeTheStartTheyAreNotCopiedEither() {
      ParameterAverage average =
          new ParameterAverage(
              AveragingConfig.builder().decay(0.9).startAfter(3).build(), floats(1));
      average.update(floats(2));
      average.update(floats(Double.NaN));
      assertArrayEquals(bits(floats(2)), bits(average.shadow()));
      assertEquals(1, average.skippedUpdates());
      assertEquals(2, average.stepCount());
    }

    @Test
    void setRefusesThem() {
      ParameterAverage average = new ParameterAverage(AveragingConfig.of(0.9), floats(1));
      average.update(floats(2));
      long[] before = bits(average.shadow());
      assertThrows(NonFiniteParametersException.class, () -> average.set(floats(Double.NaN)));
      assertArrayEquals(before, bits(average.shadow()));
      assertEquals(1, average.updateCount());
    }
  }

  private static void refused(Executable use, String... said) {
    IllegalArgumentException e = assertThrows(IllegalArgumentException.class, use);
    for (String word : said) {
      assertTrue(e.getMessage().contains(word), "'" + word + "' is not in: " + e.getMessage());
    }
  }
}
