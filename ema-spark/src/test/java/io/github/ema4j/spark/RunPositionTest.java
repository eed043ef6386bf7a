// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Map;
import org.junit.jupiter.api.Test;

class RunPositionTest {

  private static final RunPosition INSIDE = RunPosition.start(7, 2).afterSplit(1, 3);

  @Test
  void epochBeginsAtItsFirstSplit() {
    assertEquals(new RunPosition(7, 2, 1, 3, 1), INSIDE);
    assertSame(INSIDE, INSIDE.inEpoch(2), "it goes on in the middle");
    assertEquals(new RunPosition(7, 3, 0, 0, 1), INSIDE.inEpoch(3));
  }

  @Test
  void seedIsOfTheEpochAlone() {
    assertEquals(RunPosition.start(7, 2).epochSeed(), INSIDE.epochSeed());
    assertNotEquals(INSIDE.epochSeed(), INSIDE.inEpoch(3).epochSeed());
    assertNotEquals(INSIDE.epochSeed(), RunPosition.start(8, 2).epochSeed());
  }

  @Test
  void textsReadBack() {
    assertEquals(INSIDE, RunPosition.fromTexts(INSIDE.toTexts()));
    assertThrows(IllegalArgumentException.class, () -> RunPosition.fromTexts(Map.of()));
  }
}
