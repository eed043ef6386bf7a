// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;

/** Weights and average after one round. */
record Round(float[] params, float[] average) {

  static void assertSame(List<Round> expected, List<Round> actual) {
    assertClose(expected, actual, 0);
  }

  static void assertClose(List<Round> expected, List<Round> actual, float tolerance) {
    assertEquals(expected.size(), actual.size(), "rounds");
    for (int i = 0; i < expected.size(); i++) {
      assertArrayEquals(
          expected.get(i).params, actual.get(i).params, tolerance, "weights after round " + i);
      assertArrayEquals(
          expected.get(i).average, actual.get(i).average, tolerance, "average after round " + i);
    }
  }
}
