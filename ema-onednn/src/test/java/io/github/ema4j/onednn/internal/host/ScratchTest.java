// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.onednn.internal.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class ScratchTest {

  @Test
  void aThreadHasItsOwnRoomAndKeepsIt() throws InterruptedException {
    AtomicReference<float[][]> floats = new AtomicReference<>();
    AtomicReference<int[][]> bits = new AtomicReference<>();
    Thread other =
        new Thread(
            () -> {
              floats.set(Scratch.blocks());
              bits.set(Scratch.bits());
            });
    other.start();
    other.join();
    assertSame(Scratch.blocks(), Scratch.blocks());
    assertSame(Scratch.bits(), Scratch.bits());
    for (float[] mine : Scratch.blocks()) {
      for (float[] theirs : floats.get()) {
        assertNotSame(mine, theirs);
      }
    }
    assertNotSame(Scratch.bits()[0], bits.get()[0]);
  }

  /** One block for all would do for whoever takes one at a time only. */
  @Test
  void blocksDoNotShareTheirElements() {
    assertEquals(8, Arrays.stream(Scratch.blocks()).distinct().count());
    assertEquals(2, Arrays.stream(Scratch.bits()).distinct().count());
    for (float[] block : Scratch.blocks()) {
      assertEquals(Scratch.BLOCK, block.length);
    }
  }
}
