// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.internal.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ShareTest {

  @Test
  void itsThreadTakesFromTheFrontAndOthersFromTheBack() {
    Share share = new Share();
    assertTrue(share.isEmpty());
    share.set(3, 6);
    assertFalse(share.isEmpty());
    assertEquals(3, share.takeFirst());
    assertEquals(5, share.takeLast(new Share()));
    assertEquals(4, share.takeFirst());
    assertTrue(share.isEmpty());
    assertEquals(Share.NONE, share.takeFirst());
    assertEquals(Share.NONE, share.takeLast(new Share()));
  }

  @Test
  void othersTakeNothingWhileTheyHaveChunksOfTheirOwn() {
    Share own = new Share();
    Share share = new Share();
    own.set(0, 1);
    share.set(1, 3);
    assertEquals(Share.NONE, share.takeLast(own));
    assertEquals(0, own.takeFirst());
    assertEquals(2, share.takeLast(own));
  }

  @Test
  void allChunksOfTheLargestVectorsFit() {
    Share share = new Share();
    share.set(Integer.MAX_VALUE - 2, Integer.MAX_VALUE);
    assertEquals(Integer.MAX_VALUE - 1, share.takeLast(new Share()));
    assertEquals(Integer.MAX_VALUE - 2, share.takeFirst());
    assertTrue(share.isEmpty());
  }

  @Test
  void everyChunkIsTakenOnceWhoeverTakes() throws Exception {
    int chunks = 2_000_000;
    Share share = new Share();
    AtomicIntegerArray taken = new AtomicIntegerArray(chunks);
    ExecutorService thieves = Executors.newFixedThreadPool(2);
    try {
      share.set(0, chunks);
      Future<?> first = thieves.submit(() -> takeAllFromTheBack(share, taken));
      Future<?> second = thieves.submit(() -> takeAllFromTheBack(share, taken));
      for (int chunk; (chunk = share.takeFirst()) != Share.NONE; ) {
        taken.incrementAndGet(chunk);
      }
      first.get();
      second.get();
    } finally {
      thieves.shutdown();
    }
    for (int i = 0; i < chunks; i++) {
      assertEquals(1, taken.get(i));
    }
  }

  private static void takeAllFromTheBack(Share share, AtomicIntegerArray taken) {
    for (int chunk; (chunk = share.takeLast(new Share())) != Share.NONE; ) {
      taken.incrementAndGet(chunk);
    }
  }
}
