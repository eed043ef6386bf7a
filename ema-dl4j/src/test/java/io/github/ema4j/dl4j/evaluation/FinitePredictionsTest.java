// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Which predictions count as diverged. */
class FinitePredictionsTest {

  private static void assertSees(
      boolean any, boolean counting, INDArray predictions, INDArray mask) {
    FinitePredictions check = new FinitePredictions();
    check.eval(Nd4j.zerosLike(predictions), predictions, mask);
    assertEquals(any, check.sawNonFinite());
    assertEquals(counting, check.sawNonFiniteThatCounts());
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT", "DOUBLE", "HALF"})
  void oneThatIsNaNOrInfiniteIsSeenAndTheLargestFiniteOnesAreNot(DataType type) {
    double largest = type == DataType.HALF ? 65504 : 3e38;
    INDArray good = Nd4j.valueArrayOf(new long[] {50, 3}, largest, type);
    assertSees(false, false, good, null);
    for (double bad : new double[] {Double.NaN, Double.POSITIVE_INFINITY}) {
      INDArray predictions = Nd4j.zeros(type, 50, 3);
      predictions.putScalar(20, 1, bad);
      assertSees(true, true, predictions, null);
    }
  }

  /** Padding may be anything; whether it is padding, the evaluations know. */
  @Test
  void withAMaskOneMayBeOfPadding() {
    INDArray predictions = Nd4j.create(2, 3, 4);
    predictions.putScalar(new int[] {1, 2, 3}, Double.NaN);
    assertSees(true, false, predictions, Nd4j.ones(2, 4));
  }
}
