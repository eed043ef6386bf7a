// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core;

import static io.github.ema4j.core.Vectors.bits;
import static io.github.ema4j.core.Vectors.floats;
import static io.github.ema4j.core.Vectors.random;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Averages of a part of their elements. */
class CoverageTest {

  /** Overridden to run all of it with another kernel. */
  Kernel kernel() {
    return Kernel.HOST;
  }

  private static final int LENGTH = 1300;
  private static final Coverage PART = Coverage.parse(LENGTH, "3-500,700-701,900-1290", "510-690");

  private static AveragingConfig[] configs() {
    return new AveragingConfig[] {
      AveragingConfig.of(0.9),
      AveragingConfig.builder().decay(0.999).shadowType(DataType.DOUBLE).build(),
      AveragingConfig.builder().decay(0.3).startAfter(2).updateEvery(3).build()
    };
  }

  private ParameterAverage[] averages(DataType type, Coverage coverage) {
    AveragingConfig[] configs = configs();
    ParameterAverage[] averages = new ParameterAverage[configs.length];
    for (int i = 0; i < configs.length; i++) {
      averages[i] = kernel().average(configs[i], random(type, LENGTH, 1), coverage);
    }
    return averages;
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT", "DOUBLE", "HALF"})
  void groupedAveragesOfAPartHaveTheBitsOfSingleOnes(DataType type) {
    ParameterAverage[] alone = averages(type, PART);
    ParameterAverage[] grouped = averages(type, PART);
    AverageGroup group = AverageGroup.of(grouped);
    for (int step = 2; step < 30; step++) {
      INDArray params = random(type, LENGTH, step);
      if (step % 7 == 0) {
        params.putScalar(step, Double.NaN); // averaged
      }
      if (step % 11 == 0) {
        params.putScalar(600, Double.POSITIVE_INFINITY); // copied
      }
      if (step % 5 == 0) {
        params.putScalar(800, Double.NaN); // left out
      }
      group.update(params);
      for (int i = 0; i < alone.length; i++) {
        alone[i].update(params);
        assertArrayEquals(bits(alone[i].shadow()), bits(grouped[i].shadow()), "step " + step);
        assertEquals(alone[i].counters(), grouped[i].counters(), "step " + step);
      }
    }
    assertEquals(28, grouped[0].stepCount());
    assertEquals(6, grouped[0].skippedUpdates()); // 7, 14, 21, 28 and 11, 22
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT", "DOUBLE", "HALF"})
  void elementsAreAveragedAsInTheWholeCopiedAsTheyAreOrUntouched(DataType type) {
    ParameterAverage[] whole = averages(type, Coverage.all(LENGTH));
    ParameterAverage[] part = averages(type, PART);
    // What the last update saw: due at every step, at every step, and at the third after two.
    INDArray[] seen = new INDArray[part.length];
    for (int step = 2; step < 20; step++) {
      INDArray params = random(type, LENGTH, step);
      for (int i = 0; i < part.length; i++) {
        whole[i].update(params);
        boolean updated = part[i].update(params);
        if (updated || part[i].stepCount() <= part[i].config().startAfter()) {
          seen[i] = params;
        }
        assertPart(part[i].coverage().averaged(), whole[i].shadow(), part[i].shadow());
        assertPart(PART.copied(), seen[i], part[i].shadow());
        assertPart(PART.leftOut(), random(type, LENGTH, 1), part[i].shadow());
        part[i].refreshLeftOut(params);
        assertPart(PART.leftOut(), params, part[i].shadow());
        part[i].refreshLeftOut(random(type, LENGTH, 1));
      }
    }
  }

  private static void assertPart(Ranges ranges, INDArray expected, INDArray actual) {
    for (int range = 0; range < ranges.size(); range++) {
      for (long i = ranges.from(range); i < ranges.to(range); i++) {
        // Bit for bit, the sign of zero included; NaN does not occur.
        assertEquals(
            Double.doubleToRawLongBits(expected.getDouble(i)),
            Double.doubleToRawLongBits(actual.getDouble(i)),
            "element " + i);
      }
    }
  }

  @Test
  void groupOfDifferentPartsIsRefused() {
    ParameterAverage all = averages(DataType.FLOAT, Coverage.all(LENGTH))[0];
    ParameterAverage part = averages(DataType.FLOAT, PART)[0];
    assertThrows(IllegalArgumentException.class, () -> AverageGroup.of(all, part));
  }

  @Test
  void swapExchangesWhatIsCoveredOnly() {
    ParameterAverage average =
        kernel()
            .average(AveragingConfig.of(0.5), floats(1, 1, 1, 1), Coverage.parse(4, "0-1", "2-3"));
    INDArray params = floats(3, 3, 3, 3);
    average.update(params);
    params.assign(floats(5, 6, 7, 8));
    try (Swap ignored = average.swap(params)) {
      assertArrayEquals(bits(floats(2, 6, 3, 8)), bits(params));
    }
    assertArrayEquals(bits(floats(5, 6, 7, 8)), bits(params));
    assertArrayEquals(bits(floats(2, 1, 3, 1)), bits(average.shadow()));
  }

  @Test
  void textIsReadBack() {
    assertEquals("3-500,700-701,900-1290", Coverage.text(PART.averaged()));
    assertEquals("510-690", Coverage.text(PART.copied()));
    assertEquals("0-3,500-510,690-700,701-900,1290-1300", Coverage.text(PART.leftOut()));
    assertEquals("3-500,510-690,700-701,900-1290", Coverage.text(PART.covered()));
    assertEquals("", Coverage.text(Coverage.all(7).leftOut()));
    assertEquals(Coverage.parse(7, "0-7", ""), Coverage.all(7));
    assertEquals(Coverage.all(7).hashCode(), Coverage.parse(7, "0-3,3-7", "").hashCode());
    assertNotEquals(Coverage.all(7), Coverage.all(8));
    assertNotEquals(Coverage.parse(7, "0-3", "3-7"), Coverage.parse(7, "0-3", ""));
    assertTrue(PART.toString().startsWith("888 of 1300 averaged, 180 copied"), PART.toString());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "0-3   | 2-4 | averaged and copied",
        "''    | 2-4 | nothing to average",
        "0-8   | ''  | [0, 8)",
        "3-2   | ''  | [3, 2)",
        "0     | ''  | read 0-100,150-200",
        "0-x   | ''  | read 0-100,150-200",
        "0-2,  | ''  | read 0-100,150-200",
        "0-2-4 | ''  | read 0-100,150-200",
      })
  void whatIsNoCoverageIsRefused(String averaged, String copied, String message) {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> Coverage.parse(7, averaged, copied));
    assertTrue(e.getMessage().contains(message), e.getMessage());
  }

  @Test
  void coverageOfAVectorOfAnotherLengthIsRefused() {
    assertThrows(
        IllegalArgumentException.class,
        () -> kernel().average(AveragingConfig.of(0.5), floats(1, 2), Coverage.all(3)));
    assertThrows(
        IllegalArgumentException.class,
        () -> new Coverage(Ranges.all(3), Coverage.all(4).leftOut()));
  }
}
