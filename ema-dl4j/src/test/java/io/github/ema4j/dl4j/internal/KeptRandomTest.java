// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.github.ema4j.testing.Bits;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

class KeptRandomTest {

  private static Bits draw() {
    return Bits.of(Nd4j.rand(DataType.FLOAT, 50));
  }

  @Test
  void trainingGoesOnWithTheNumbersThatItWouldHaveHad() {
    Nd4j.getRandom().setSeed(3);
    draw(); // somewhere in the stream, not at its beginning
    KeptRandom kept = KeptRandom.now();
    Bits first = draw();
    Bits second = draw();
    assertNotEquals(first, second);
    kept.close();
    assertEquals(first, draw());
    assertEquals(second, draw());
  }

  @Test
  void whatWasDrawnOneAtATimeIsPutBackToo() {
    Nd4j.getRandom().setSeed(4);
    KeptRandom kept = KeptRandom.now();
    int first = Nd4j.getRandom().nextInt();
    Nd4j.getRandom().nextGaussian();
    kept.close();
    assertEquals(first, Nd4j.getRandom().nextInt());
  }
}
