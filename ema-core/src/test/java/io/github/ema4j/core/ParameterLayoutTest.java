// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

class ParameterLayoutTest {

  private static final ParameterLayout MATRIX =
      ParameterLayout.of(Nd4j.createUninitialized(DataType.FLOAT, new long[] {2, 3}, 'c'));

  private static void assertRefused(String message, INDArray array) {
    Exception e = assertThrows(IllegalArgumentException.class, () -> MATRIX.requireMatching(array));
    assertTrue(e.getMessage().contains(message), e.getMessage());
  }

  @Test
  void takesWhatLiesAlike() {
    MATRIX.requireMatching(Nd4j.ones(DataType.FLOAT, 2, 3));
    // A vector has one order only, whatever the shape that it is seen in.
    ParameterLayout.of(Nd4j.zeros(DataType.FLOAT, 6))
        .requireMatching(Nd4j.createUninitialized(DataType.FLOAT, new long[] {1, 6}, 'f'));
  }

  @Test
  void refusesOtherLengthTypeShapeAndOrder() {
    assertRefused("of 6 parameters, but was given 4", Nd4j.zeros(DataType.FLOAT, 2, 2));
    assertRefused("of FLOAT parameters, but was given DOUBLE", Nd4j.zeros(DataType.DOUBLE, 2, 3));
    assertRefused("of shape [2, 3] in order 'c'", Nd4j.zeros(DataType.FLOAT, 3, 2));
    assertRefused(
        "given [2, 3] in order 'f'",
        Nd4j.createUninitialized(DataType.FLOAT, new long[] {2, 3}, 'f'));
    assertRefused(
        "pass array.dup()",
        Nd4j.zeros(DataType.FLOAT, 2, 6).get(NDArrayIndex.all(), NDArrayIndex.interval(0, 2, 6)));
  }

  @Test
  void refusesWhatCannotBeAveraged() {
    assertThrows(
        IllegalArgumentException.class, () -> ParameterLayout.of(Nd4j.zeros(DataType.INT, 3)));
    assertThrows(
        IllegalArgumentException.class, () -> ParameterLayout.lengthOf(Nd4j.empty(DataType.FLOAT)));
  }

  @Test
  void copyHasItsShapeAndTheTypeOfTheValues() {
    INDArray copy = MATRIX.copyOf(Nd4j.createFromArray(0.0, 1.0, 2.0, 3.0, 4.0, 5.0));
    assertEquals(DataType.DOUBLE, copy.dataType());
    assertArrayEquals(new long[] {2, 3}, copy.shape());
    assertArrayEquals(new double[] {0, 1, 2, 3, 4, 5}, copy.dup('c').data().asDouble());
  }
}
