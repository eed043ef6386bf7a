// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** One task after another on another thread, whose end and whose errors can be waited for. */
class BackgroundTest {

  private static void uninterrupted(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void withoutATaskThereIsNothingToWaitFor() {
    Background.none().await();
    Background.daemon("test").await();
  }

  @Test
  void noBackgroundIsTheCallingThread() {
    AtomicReference<Thread> ran = new AtomicReference<>();
    Background.none().run(() -> ran.set(Thread.currentThread()));
    assertSame(Thread.currentThread(), ran.get());
  }

  @Test
  void withoutABackgroundAnErrorIsThrownAtOnceAndOnce() {
    Background none = Background.none();
    assertThrows(
        ArithmeticException.class,
        () ->
            none.run(
                () -> {
                  throw new ArithmeticException();
                }));
    none.await();
  }

  @Test
  void theThreadHasItsNameAndDoesNotKeepTheProgramAlive() {
    AtomicReference<Thread> ran = new AtomicReference<>();
    Background background = Background.daemon("the name");
    background.run(() -> ran.set(Thread.currentThread()));
    background.await();
    assertNotSame(Thread.currentThread(), ran.get());
    assertEquals("the name", ran.get().getName());
    assertTrue(ran.get().isDaemon());
  }

  @Test
  void runReturnsBeforeTheTaskEndsAndAwaitAfterIt() {
    CountDownLatch go = new CountDownLatch(1);
    AtomicBoolean done = new AtomicBoolean();
    Background background = Background.daemon("test");
    background.run(
        () -> {
          uninterrupted(go);
          done.set(true);
        });
    assertFalse(done.get());
    go.countDown();
    background.await();
    assertTrue(done.get());
  }

  @Test
  void tasksRunOneAfterAnotherInTheirOrder() {
    CountDownLatch go = new CountDownLatch(1);
    List<Integer> ran = new CopyOnWriteArrayList<>();
    Background background = Background.daemon("test");
    background.run(
        () -> {
          uninterrupted(go);
          ran.add(0);
        });
    for (int i = 1; i < 20; i++) {
      int number = i;
      background.run(() -> ran.add(number));
    }
    assertEquals(List.of(), ran);
    go.countDown();
    background.await();
    assertEquals(20, ran.size());
    for (int i = 0; i < 20; i++) {
      assertEquals(i, ran.get(i));
    }
  }

  @Test
  void anErrorIsThrownByWhoeverWaitsWithItsCause() {
    Background background = Background.daemon("test");
    ArithmeticException cause = new ArithmeticException();
    background.run(
        () -> {
          throw cause;
        });
    for (int time = 0; time < 2; time++) {
      IllegalStateException e = assertThrows(IllegalStateException.class, background::await);
      assertSame(cause, e.getCause());
    }
  }
}
