// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core;

import static io.github.ema4j.core.Vectors.bits;
import static io.github.ema4j.core.Vectors.floats;
import static io.github.ema4j.core.Vectors.random;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.schedule.DecaySchedule;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** A shadow in host memory, with and without background, gives what an ordinary one gives. */
@Timeout(120)
class HostShadowTest {
  private static final int LENGTH = 2300;

  private static AveragingConfig.Builder config(boolean onHost, boolean inBackground) {
    return AveragingConfig.builder()
        .schedule(DecaySchedule.inversePower(0.99))
        .shadowOnHost(onHost)
        .inBackground(inBackground);
  }

  @ParameterizedTest
  @CsvSource({
    "FLOAT, FLOAT, false", "FLOAT, FLOAT, true", "FLOAT, DOUBLE, true", "DOUBLE, DOUBLE, true",
    "HALF, FLOAT, false", "HALF, FLOAT, true", "HALF, DOUBLE, true", "BFLOAT16, FLOAT, true"
  })
  void everythingHasTheBitsOfAnOrdinaryShadow(
      DataType type, DataType shadowType, boolean inBackground) {
    Coverage coverage =
        new Coverage(
            Ranges.of(LENGTH, new long[] {0, 1000}, new long[] {700, 2000}),
            Ranges.of(LENGTH, new long[] {750}, new long[] {900}));
    INDArray start = random(type, LENGTH, 0);
    AveragingConfig onDevice = config(false, false).shadowType(shadowType).startAfter(2).build();
    AveragingConfig onHost =
        config(true, inBackground).shadowType(shadowType).startAfter(2).build();
    ParameterAverage expected = new ParameterAverage(onDevice, start, coverage);
    ParameterAverage actual = new ParameterAverage(onHost, start, coverage);
    for (int step = 1; step <= 30; step++) {
      INDArray params = random(type, LENGTH, step);
      if (step % 5 == 0) {
        params.putScalar(step, Double.NaN); // averaged
      }
      if (step % 7 == 0) {
        params.putScalar(750 + step, Double.POSITIVE_INFINITY); // copied
      }
      assertEquals(expected.update(params), actual.update(params), "step " + step);
      params.assign(99); // the next step of training
      if (step % 4 == 0) {
        assertSwapsAlike(expected, actual, random(type, LENGTH, -step));
      }
      if (step == 20) {
        expected.refreshLeftOut(random(type, LENGTH, 200));
        actual.refreshLeftOut(random(type, LENGTH, 200));
      }
      assertArrayEquals(bits(expected.shadow()), bits(actual.shadow()), "step " + step);
      assertEquals(expected.counters(), actual.counters());
    }
    ParameterAverage resumed =
        ParameterAverage.resume(
            onHost, actual.counters(), actual.shadow(), actual.variances(), start, coverage);
    for (ParameterAverage average : new ParameterAverage[] {expected, actual, resumed}) {
      average.update(random(type, LENGTH, 31));
    }
    assertArrayEquals(bits(expected.shadow()), bits(actual.shadow()));
    assertArrayEquals(bits(expected.shadow()), bits(resumed.shadow()));
    expected.set(random(type, LENGTH, 32));
    actual.set(random(type, LENGTH, 32));
    assertArrayEquals(bits(expected.shadow()), bits(actual.shadow()));
  }

  private static void assertSwapsAlike(
      ParameterAverage expected, ParameterAverage actual, INDArray params) {
    params.putScalar(LENGTH - 1, Double.NEGATIVE_INFINITY);
    params.putScalar(3, Double.NaN);
    INDArray other = params.dup();
    long[] raw = bits(params);
    try (Swap a = expected.swap(params);
        Swap b = actual.swap(other)) {
      assertTrue(actual.isSwapped());
      assertArrayEquals(bits(params), bits(other));
      assertThrows(IllegalStateException.class, actual::shadow);
    }
    assertArrayEquals(raw, bits(params));
    assertArrayEquals(raw, bits(other));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void nonFiniteParametersThrowAtOnceAndChangeNothingIfThatIsThePolicy(boolean inBackground) {
    AveragingConfig config =
        AveragingConfig.builder()
            .decay(0.5)
            .onNonFinite(NonFinitePolicy.THROW)
            .shadowOnHost(true)
            .inBackground(inBackground)
            .build();
    ParameterAverage average = new ParameterAverage(config, floats(1, 1));
    assertThrows(NonFiniteParametersException.class, () -> average.update(floats(2, Double.NaN)));
    assertArrayEquals(bits(floats(1, 1)), bits(average.shadow()));
    assertEquals(1, average.skippedUpdates());
    assertThrows(NonFiniteParametersException.class, () -> average.set(floats(2, Double.NaN)));
    assertArrayEquals(bits(floats(1, 1)), bits(average.shadow()));
    assertThrows(
        NonFiniteParametersException.class,
        () -> new ParameterAverage(config, floats(2, Double.NaN)));
  }

  /** Long enough for the arithmetic to be still going on when the next call is made. */
  @Test
  void readsSwapsAndUpdatesRightAfterAnUpdateWaitForIt() {
    int length = 1_000_000;
    INDArray params = Nd4j.create(DataType.FLOAT, length);
    ParameterAverage average =
        new ParameterAverage(
            AveragingConfig.builder().decay(0.5).shadowOnHost(true).inBackground(true).build(),
            params);
    double expected = 0;
    for (int step = 1; step <= 200; step++) {
      double value = step % 32;
      params.assign(value);
      assertTrue(average.update(params));
      params.assign(-1000); // must not get into the average
      expected = (float) (expected - 0.5 * (expected - value));
      if (step % 3 == 0) {
        assertAll(expected, average.shadow(), "read at step " + step);
      } else if (step % 3 == 1) {
        try (Swap swap = average.swap(params)) {
          assertAll(expected, params, "swapped at step " + step);
        }
        assertAll(-1000, params, "restored at step " + step);
      }
    }
    assertAll(expected, average.shadow(), "at the end");
  }

  private static void assertAll(double expected, INDArray actual, String message) {
    assertEquals(expected, actual.minNumber().doubleValue(), message);
    assertEquals(expected, actual.maxNumber().doubleValue(), message);
  }

  @Test
  void theShadowReadIsACopyThatStaysAsItIs() {
    INDArray start = Nd4j.create(new double[][] {{1, 2, 3}, {4, 5, 6}}).castTo(DataType.FLOAT);
    ParameterAverage average = new ParameterAverage(config(true, false).build(), start);
    INDArray first = average.shadow();
    assertArrayEquals(new long[] {2, 3}, first.shape());
    assertArrayEquals(bits(start.reshape(6)), bits(first.reshape(6)));
    average.update(start.add(1));
    assertNotSame(first, average.shadow());
    assertArrayEquals(bits(start.reshape(6)), bits(first.reshape(6)));
    assertFalse(average.shadow().equals(first));
  }

  @Test
  void aViewIsReadFromItsOwnPlaceAndNothingBesideItIsWritten() {
    INDArray flat = Nd4j.valueArrayOf(new long[] {LENGTH + 20}, 7, DataType.FLOAT);
    INDArray view = flat.get(NDArrayIndex.interval(10, LENGTH + 10));
    view.assign(random(DataType.FLOAT, LENGTH, 1));
    ParameterAverage average = new ParameterAverage(config(true, true).build(), view);
    view.assign(random(DataType.FLOAT, LENGTH, 2));
    average.update(view);
    INDArray averaged = average.shadow();
    try (Swap swap = average.swap(view)) {
      assertArrayEquals(bits(averaged), bits(view));
    }
    assertArrayEquals(bits(random(DataType.FLOAT, LENGTH, 2)), bits(view));
    for (int i = 0; i < 10; i++) {
      assertEquals(7, flat.getDouble(i));
      assertEquals(7, flat.getDouble(LENGTH + 10 + i));
    }
  }

  @Test
  void groupsMayMixShadowsOnHostAndDevice() {
    INDArray start = random(DataType.FLOAT, LENGTH, 0);
    ParameterAverage alone = new ParameterAverage(config(false, false).build(), start);
    ParameterAverage onDevice = new ParameterAverage(config(false, false).build(), start);
    ParameterAverage onHost = new ParameterAverage(config(true, true).build(), start);
    AverageGroup group = AverageGroup.of(onDevice, onHost);
    AverageGroup ofHostOnly =
        AverageGroup.of(new ParameterAverage(config(true, false).build(), start));
    for (int step = 1; step <= 10; step++) {
      INDArray params = random(DataType.FLOAT, LENGTH, step);
      params.putScalar(7, step == 5 ? Double.NaN : 1);
      boolean updated = alone.update(params);
      assertEquals(updated, group.update(params));
      assertEquals(updated, ofHostOnly.update(params));
    }
    assertArrayEquals(bits(alone.shadow()), bits(onDevice.shadow()));
    assertArrayEquals(bits(alone.shadow()), bits(onHost.shadow()));
    assertEquals(alone.counters(), onDevice.counters());
    assertEquals(alone.counters(), onHost.counters());
  }

  @Test
  void anErrorInTheBackgroundSurfacesAtWhateverNeedsTheResult() {
    RuntimeException error = new RuntimeException("no memory left");
    Background failing = Background.daemon("failing");
    failing.run(
        () -> {
          throw error;
        });
    for (int call = 0; call < 2; call++) {
      IllegalStateException e = assertThrows(IllegalStateException.class, failing::await);
      assertSame(error, e.getCause());
    }
    INDArray params = floats(1, 2);
    HostShadow shadow = new HostShadow(DataType.FLOAT, params, Coverage.all(2), failing);
    assertThrows(IllegalStateException.class, () -> shadow.moveTowards(params, 0.5, false));
    assertThrows(IllegalStateException.class, shadow::values);
    assertThrows(IllegalStateException.class, () -> shadow.swapIn(params));
    assertArrayEquals(bits(floats(1, 2)), bits(params));
  }

  @Test
  void withoutABackgroundAnErrorIsThrownAtOnce() {
    RuntimeException error = new RuntimeException();
    Background none = Background.none();
    assertSame(
        error,
        assertThrows(
            RuntimeException.class,
            () ->
                none.run(
                    () -> {
                      throw error;
                    })));
    none.await();
  }

  @Test
  void waitingGoesOnWhenInterruptedAndTheInterruptIsKept() {
    Background background = Background.daemon("slow");
    CountDownLatch release = new CountDownLatch(1);
    AtomicReference<Thread> thread = new AtomicReference<>();
    background.run(
        () -> {
          thread.set(Thread.currentThread());
          try {
            release.await();
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
        });
    Thread waiting = Thread.currentThread();
    new Thread(
            () -> {
              waiting.interrupt();
              release.countDown();
            })
        .start();
    background.await();
    assertEquals(0, release.getCount());
    assertTrue(thread.get().isDaemon());
    assertEquals("slow", thread.get().getName());
    assertTrue(Thread.interrupted());
  }

  @Test
  void aBackgroundNeedsAShadowOnTheHost() {
    IllegalStateException e =
        assertThrows(
            IllegalStateException.class,
            () -> AveragingConfig.builder().decay(0.9).inBackground(true).build());
    assertTrue(e.getMessage().contains("shadowOnHost(true)"), e.getMessage());
    AveragingConfig config = config(true, true).build();
    assertTrue(config.shadowOnHost());
    assertTrue(config.inBackground());
    assertFalse(AveragingConfig.of(0.9).shadowOnHost());
  }
}
