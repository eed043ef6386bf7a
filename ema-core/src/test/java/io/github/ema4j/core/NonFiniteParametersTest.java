// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core;

import static io.github.ema4j.core.Vectors.bits;
import static io.github.ema4j.core.Vectors.floats;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.schedule.DecaySchedule;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Parameters with NaN or infinite values never get into an average. */
class NonFiniteParametersTest {

  /** Overridden to run all of it with another kernel. */
  Kernel kernel() {
    return Kernel.HOST;
  }

  private static AveragingConfig config(NonFinitePolicy policy) {
    return AveragingConfig.builder().decay(0.5).onNonFinite(policy).build();
  }

  @ParameterizedTest
  @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
  void skipKeepsTheElementsInQuestionMovesTheOthersAndDoesNotCountAnUpdate(double bad) {
    ParameterAverage average = kernel().average(config(NonFinitePolicy.SKIP), floats(1, 1, 1));
    assertFalse(average.update(floats(2, bad, 4)));
    assertArrayEquals(bits(floats(1.5, 1, 2.5)), bits(average.shadow()));
    assertEquals(1, average.stepCount());
    assertEquals(1, average.skippedUpdates());
    assertEquals(0, average.updateCount());
    assertEquals(Double.NaN, average.decay());
    assertEquals(1, average.initialShare());
    assertTrue(average.update(floats(1.5, 3, 2.5)));
    assertArrayEquals(bits(floats(1.5, 2, 2.5)), bits(average.shadow()));
    assertEquals(1, average.updateCount());
  }

  @Test
  void throwChangesNothing() {
    ParameterAverage average = kernel().average(config(NonFinitePolicy.THROW), floats(1, 1));
    assertThrows(NonFiniteParametersException.class, () -> average.update(floats(2, Double.NaN)));
    assertArrayEquals(bits(floats(1, 1)), bits(average.shadow()));
    assertEquals(1, average.stepCount());
    assertEquals(1, average.skippedUpdates());
    assertEquals(0, average.updateCount());
  }

  @Test
  void restorePutsTheLastGoodAverageIntoTheParameters() {
    AveragingConfig config =
        AveragingConfig.builder()
            .schedule(DecaySchedule.debiased(0.5))
            .onNonFinite(NonFinitePolicy.RESTORE)
            .build();
    ParameterAverage average = kernel().average(config, floats(9, 9));
    average.update(floats(1, 2));
    INDArray params = floats(7, Double.NaN);

    assertFalse(average.update(params));
    assertTrue(average.isRestoreDue());
    assertArrayEquals(bits(floats(1, 2)), bits(average.shadow())); // not even the good element
    average.restoreInto(params);

    assertArrayEquals(bits(floats(1, 2)), bits(params));
    assertFalse(average.isRestoreDue());
    assertThrows(IllegalStateException.class, () -> average.restoreInto(params));
    assertEquals(new AverageCounters(2, 1, 1, 1, 0, 0, 1, 1, 0), average.counters());
    assertTrue(average.update(floats(1, 2)));
    assertEquals(1, average.counters().restores());
    assertEquals(0, average.counters().restoresInARow());
  }

  @Test
  void anAverageThatLeavesElementsOutCannotRestoreThem() {
    AveragingConfig config = config(NonFinitePolicy.RESTORE);
    Coverage part = Coverage.parse(3, "0-1", "2-3");
    INDArray params = floats(1, 2, 3);
    Exception e =
        assertThrows(
            IllegalArgumentException.class, () -> new ParameterAverage(config, params, part));
    assertTrue(e.getMessage().contains("leaves 1 of 3 out"), e.getMessage());
  }

  @Test
  void aSkippedUpdateIsNotOneForTheSchedule() {
    AveragingConfig config = AveragingConfig.builder().schedule(DecaySchedule.uniform()).build();
    ParameterAverage average = kernel().average(config, floats(9));
    average.update(floats(Double.NaN));
    average.update(floats(3)); // the first update of a mean copies
    assertEquals(3, average.shadow().getDouble(0));
    average.update(floats(5));
    assertEquals(4, average.shadow().getDouble(0));
  }

  @Test
  void copiesBeforeTheStartLeaveThemOutToo() {
    AveragingConfig config = AveragingConfig.builder().decay(0.5).startAfter(2).build();
    ParameterAverage average = kernel().average(config, floats(1, 1));
    average.update(floats(Double.NaN, 2));
    assertArrayEquals(bits(floats(1, 2)), bits(average.shadow()));
    assertEquals(1, average.skippedUpdates());
  }

  @Test
  void anAverageNeitherStartsWithThemNorIsSetToThem() {
    INDArray bad = floats(1, Double.NaN);
    assertThrows(
        NonFiniteParametersException.class, () -> kernel().average(AveragingConfig.of(0.5), bad));
    ParameterAverage average = kernel().average(AveragingConfig.of(0.5), floats(1, 2));
    average.update(floats(3, 4));
    assertThrows(NonFiniteParametersException.class, () -> average.set(bad));
    assertArrayEquals(bits(floats(2, 3)), bits(average.shadow()));
    assertEquals(1, average.updateCount());
  }

  @ParameterizedTest
  @ValueSource(strings = {"FLOAT", "DOUBLE", "HALF"})
  void aSwapGivesThemBackAsTheyWere(DataType type) {
    INDArray start = Vectors.of(type, 1, 2, 3);
    ParameterAverage average = kernel().average(AveragingConfig.of(0.5), start);
    INDArray params = Vectors.of(type, Double.NaN, Double.NEGATIVE_INFINITY, -0.0);
    long[] raw = bits(params);
    try (Swap swap = average.swap(params)) {
      assertArrayEquals(bits(start), bits(params));
    }
    assertArrayEquals(raw, bits(params));
  }
}
