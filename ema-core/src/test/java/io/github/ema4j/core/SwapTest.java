// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core;

import static io.github.ema4j.core.Vectors.bits;
import static io.github.ema4j.core.Vectors.floats;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** While a swap is open the parameters are the averaged ones; it is closed once. */
class SwapTest {

  private final ParameterAverage average =
      new ParameterAverage(AveragingConfig.of(0.5), floats(1, 2));
  private final INDArray params = floats(5, 6);

  @Test
  void everythingButReadingTheCountersIsRefused() {
    average.update(floats(3, 4));
    try (Swap swap = average.swap(params)) {
      for (Executable use :
          new Executable[] {
            () -> average.update(floats(7, 8)),
            () -> average.set(floats(7, 8)),
            () -> average.shadow(),
            () -> average.swap(floats(7, 8))
          }) {
        IllegalStateException e = assertThrows(IllegalStateException.class, use);
        assertTrue(e.getMessage().contains("swap"), e.getMessage());
      }
      assertEquals(1, average.updateCount());
      assertEquals(1, average.stepCount());
      assertEquals(0.5, average.decay());
      assertArrayEquals(bits(floats(2, 3)), bits(params));
    }
    assertArrayEquals(bits(floats(5, 6)), bits(params));
    assertArrayEquals(bits(floats(2, 3)), bits(average.shadow()));
  }

  @Test
  void closingTwiceIsClosingOnce() {
    Swap swap = average.swap(params);
    swap.close();
    swap.close();
    assertArrayEquals(bits(floats(5, 6)), bits(params));
    assertArrayEquals(bits(floats(1, 2)), bits(average.shadow()));
  }

  @Test
  void closingAnOldSwapAgainDoesNotEndANewOne() {
    Swap old = average.swap(params);
    old.close();
    try (Swap swap = average.swap(params)) {
      old.close();
      assertTrue(average.isSwapped());
      assertArrayEquals(bits(floats(1, 2)), bits(params));
    }
    assertArrayEquals(bits(floats(5, 6)), bits(params));
  }

  @Test
  void anExceptionInsideRestores() {
    assertThrows(
        ArithmeticException.class,
        () -> {
          try (Swap swap = average.swap(params)) {
            throw new ArithmeticException("in the evaluation");
          }
        });
    assertArrayEquals(bits(floats(5, 6)), bits(params));
    assertFalse(average.isSwapped());
  }

  @Test
  void whatIsToBeDoneAfterwardsIsDoneOnceWithTheRawWeightsBack() {
    List<long[]> found = new ArrayList<>();
    Swap swap =
        average
            .swap(params)
            .whenClosed(
                () -> {
                  assertFalse(average.isSwapped());
                  found.add(bits(params));
                });
    assertEquals(0, found.size());
    swap.close();
    swap.close();
    assertEquals(1, found.size());
    assertArrayEquals(bits(floats(5, 6)), found.get(0));
  }

  @Test
  void whatFailsAfterwardsLeavesTheSwapClosed() {
    Swap swap =
        average
            .swap(params)
            .whenClosed(
                () -> {
                  throw new ArithmeticException("afterwards");
                });
    assertThrows(ArithmeticException.class, swap::close);
    assertFalse(average.isSwapped());
    assertArrayEquals(bits(floats(5, 6)), bits(params));
    swap.close();
    assertArrayEquals(bits(floats(5, 6)), bits(params));
  }
}
