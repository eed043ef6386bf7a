// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.internal.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;

/** Room for as many elements as were asked for. */
class HostMemoryTest {

  @ParameterizedTest
  @EnumSource(
      value = DataType.class,
      names = {"HALF", "BFLOAT16", "FLOAT", "DOUBLE"})
  void everyElementHasItsOwnPlace(DataType type) {
    HostMemory memory = new HostMemory(type, 100);
    HostMemory other = new HostMemory(type, 100);
    assertEquals(type, memory.type());
    assertEquals(100, memory.length());
    for (int i = 0; i < 100; i++) {
      memory.vector().put(i, i);
      other.vector().put(i, -i);
    }
    for (int i = 0; i < 100; i++) {
      assertEquals(i, memory.vector().get(i));
    }
    assertThrows(IndexOutOfBoundsException.class, () -> memory.vector().get(100));
  }

  /** The number of its bytes, 2 to the 64th, would be 0 for the computer. */
  @Test
  void moreBytesThanThereAreNumbersForAreRefused() {
    assertThrows(ArithmeticException.class, () -> new HostMemory(DataType.DOUBLE, 1L << 61));
  }

  @Test
  void whatIsNotAveragedHasNoPlace() {
    assertThrows(IllegalArgumentException.class, () -> new HostMemory(DataType.INT, 10));
  }
}
