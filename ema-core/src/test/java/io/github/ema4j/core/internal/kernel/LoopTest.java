// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.internal.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every element once, whoever helps; every error to the caller. */
@Timeout(60)
class LoopTest {
  private static final int LENGTH = 1_000_003;

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 3, 8})
  void everyElementIsVisitedOnceInEveryOfManyLoops(int helpers) {
    Loop loop = new Loop(helpers);
    Chunks ranges = Chunks.all(LENGTH);
    AtomicIntegerArray visits = new AtomicIntegerArray(LENGTH / 1000 + 1);
    for (int repeat = 1; repeat <= 300; repeat++) {
      assertTrue(
          loop.all(
              ranges,
              (from, to, block) -> {
                for (long i = (from + 999) / 1000 * 1000; i < to; i += 1000) {
                  visits.incrementAndGet((int) (i / 1000));
                }
                return true;
              }));
      for (int i = 0; i < visits.length(); i++) {
        assertEquals(repeat, visits.get(i));
      }
    }
  }

  @Test
  void aThreadNeverSharesItsBlock() {
    Loop loop = new Loop(7);
    for (int repeat = 0; repeat < 200; repeat++) {
      loop.all(
          Chunks.all(LENGTH),
          (from, to, block) -> {
            float[] mine = block.fillFloats(Block.SIZE);
            mine[Block.START] = from;
            Thread.onSpinWait();
            if (mine[Block.START] != from) {
              throw new AssertionError("another thread wrote into this block");
            }
            return true;
          });
    }
  }

  /** Their processors' caches still hold what they worked on in the last loop. */
  @RepeatedTest(20)
  void inEveryLoopAThreadBeginsWithTheSameElements() throws InterruptedException {
    Loop loop = new Loop(1);
    Chunks ranges = Chunks.all(LENGTH);
    Thread caller = Thread.currentThread();
    for (int repeat = 0; repeat < 3; repeat++) {
      CountDownLatch bothHaveBegun = new CountDownLatch(2);
      AtomicLong callersFirst = new AtomicLong(-1);
      AtomicLong helpersFirst = new AtomicLong(-1);
      assertTrue(
          loop.all(
              ranges,
              (from, to, block) -> {
                AtomicLong first = Thread.currentThread() == caller ? callersFirst : helpersFirst;
                if (first.compareAndSet(-1, from)) {
                  bothHaveBegun.countDown();
                  return await(bothHaveBegun);
                }
                return true;
              }));
      assertEquals(0, callersFirst.get());
      assertEquals(ranges.pieceFrom(ranges.firstPiece(ranges.chunks() / 2)), helpersFirst.get());
    }
  }

  private static boolean await(CountDownLatch latch) {
    try {
      return latch.await(30, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void oneVerdictOfFalseIsTheVerdict() {
    Loop loop = new Loop(2);
    assertFalse(loop.all(Chunks.all(LENGTH), (from, to, block) -> from > 0));
    assertTrue(loop.all(Chunks.all(LENGTH), (from, to, block) -> true));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 3})
  void anErrorReachesTheCallerAfterAllChunksAreDoneAndLeavesTheLoopUsable(int helpers) {
    Loop loop = new Loop(helpers);
    Chunks ranges = Chunks.all(LENGTH);
    RuntimeException error = new RuntimeException("chunk");
    AtomicInteger done = new AtomicInteger();
    Exception e =
        assertThrows(
            IllegalStateException.class,
            () ->
                loop.all(
                    ranges,
                    (from, to, block) -> {
                      done.incrementAndGet();
                      if (to == LENGTH) {
                        throw error;
                      }
                      return true;
                    }));
    assertSame(error, e.getCause());
    assertEquals(ranges.chunks(), done.get());
    assertTrue(loop.all(ranges, (from, to, block) -> true));
  }

  @Test
  void theCallerDoesAllTheWorkWhenThePoolIsBusy() throws InterruptedException {
    int workers = ForkJoinPool.getCommonPoolParallelism();
    CountDownLatch started = new CountDownLatch(workers);
    CountDownLatch release = new CountDownLatch(1);
    for (int i = 0; i < workers; i++) {
      ForkJoinPool.commonPool()
          .execute(
              () -> {
                started.countDown();
                try {
                  release.await();
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                }
              });
    }
    assertTrue(started.await(30, TimeUnit.SECONDS));
    try {
      Loop loop = new Loop(3);
      Thread caller = Thread.currentThread();
      for (int repeat = 0; repeat < 3; repeat++) {
        loop.all(
            Chunks.all(LENGTH),
            (from, to, block) -> {
              assertSame(caller, Thread.currentThread());
              return true;
            });
      }
    } finally {
      release.countDown();
    }
  }

  @Test
  void aSlowHelperIsWaitedFor() {
    Loop loop = new Loop(1);
    Thread caller = Thread.currentThread();
    AtomicInteger running = new AtomicInteger();
    for (int repeat = 0; repeat < 20; repeat++) {
      loop.all(
          Chunks.all(LENGTH),
          (from, to, block) -> {
            running.incrementAndGet();
            if (Thread.currentThread() != caller) {
              LockSupport.parkNanos(3_000_000); // the caller is parked long before that
            }
            running.decrementAndGet();
            return true;
          });
      assertEquals(0, running.get());
    }
  }
}
