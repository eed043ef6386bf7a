// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core;

import static io.github.ema4j.core.Vectors.bits;
import static io.github.ema4j.core.Vectors.floats;
import static io.github.ema4j.core.Vectors.random;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.schedule.DecaySchedule;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.FutureTask;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** An update on another thread gives what an ordinary one gives, and everything waits for it. */
@Timeout(120)
class OverlappedUpdateTest {
  private static final int LENGTH = 2300;

  private static AveragingConfig.Builder config(boolean overlapped) {
    return AveragingConfig.builder()
        .schedule(DecaySchedule.inversePower(0.99))
        .startAfter(2)
        .overlapped(overlapped);
  }

  private static Coverage coverage() {
    return new Coverage(
        Ranges.of(LENGTH, new long[] {0, 1000}, new long[] {700, 2000}),
        Ranges.of(LENGTH, new long[] {750}, new long[] {900}),
        new Variances(
            Ranges.none(LENGTH), Ranges.of(LENGTH, new long[] {1100}, new long[] {1200})));
  }

  @ParameterizedTest
  @CsvSource({
    "FLOAT, FLOAT, 1",
    "FLOAT, DOUBLE, 3",
    "DOUBLE, DOUBLE, 1",
    "HALF, FLOAT, 1",
    "BFLOAT16, FLOAT, 2"
  })
  void everythingHasTheBitsOfAnOrdinaryUpdate(DataType type, DataType shadowType, int every) {
    INDArray start = random(type, LENGTH, 0);
    ParameterAverage expected =
        new ParameterAverage(
            config(false).shadowType(shadowType).updateEvery(every).build(), start, coverage());
    AveragingConfig overlapped = config(true).shadowType(shadowType).updateEvery(every).build();
    ParameterAverage actual = new ParameterAverage(overlapped, start, coverage());
    for (int step = 1; step <= 30; step++) {
      INDArray params = random(type, LENGTH, step);
      if (step % 5 == 0) {
        params.putScalar(step, Double.NaN);
      }
      expected.update(params);
      actual.beginUpdate(params);
      if (step % 3 != 0) { // the others are waited for by the next update
        assertArrayEquals(bits(expected.shadow()), bits(actual.shadow()), "step " + step);
        assertEquals(expected.counters(), actual.counters());
        assertArrayEquals(expected.variances(), actual.variances());
      }
    }
    ParameterAverage resumed =
        ParameterAverage.resume(
            overlapped, actual.counters(), actual.shadow(), actual.variances(), start, coverage());
    for (ParameterAverage average : List.of(expected, actual, resumed)) {
      average.beginUpdate(random(type, LENGTH, 31));
    }
    assertArrayEquals(bits(expected.shadow()), bits(actual.shadow()));
    assertArrayEquals(bits(expected.shadow()), bits(resumed.shadow()));
  }

  @ParameterizedTest
  @CsvSource({"true, true", "true, false", "false, false"})
  void aGroupHasTheBitsOfOrdinaryUpdates(boolean first, boolean second) {
    INDArray start = random(DataType.FLOAT, LENGTH, 0);
    ParameterAverage expected = new ParameterAverage(config(false).build(), start);
    ParameterAverage one = new ParameterAverage(config(first).build(), start);
    ParameterAverage two =
        new ParameterAverage(config(second).shadowType(DataType.DOUBLE).build(), start);
    ParameterAverage expectedTwo =
        new ParameterAverage(config(false).shadowType(DataType.DOUBLE).build(), start);
    AverageGroup group = AverageGroup.of(one, two);
    for (int step = 1; step <= 20; step++) {
      INDArray params = random(DataType.FLOAT, LENGTH, step);
      expected.update(params);
      expectedTwo.update(params);
      group.beginUpdate(params);
      if (step % 2 == 0) {
        assertArrayEquals(bits(expectedTwo.shadow()), bits(two.shadow()));
        assertArrayEquals(bits(expected.shadow()), bits(one.shadow()));
      }
    }
    group.awaitUpdate();
    assertEquals(expected.counters(), one.counters());
    assertEquals(expectedTwo.counters(), two.counters());
  }

  // ---------------------------------------------------------------- who waits

  /** What uses an average that may be in the middle of an update. */
  static Stream<Arguments> uses() {
    INDArray params = floats(5, 5);
    return Stream.<Consumer<ParameterAverage>>of(
            ParameterAverage::awaitUpdate,
            ParameterAverage::shadow,
            ParameterAverage::variances,
            ParameterAverage::counters,
            ParameterAverage::stepCount,
            ParameterAverage::updateCount,
            ParameterAverage::decay,
            ParameterAverage::initialShare,
            ParameterAverage::skippedUpdates,
            average -> assertTrue(average.toString().contains("updates")),
            average -> average.swap(params).close(),
            average -> average.set(params),
            average -> average.set(AverageCounters.START, floats(1, 1), new double[0]),
            average -> average.refreshLeftOut(params),
            average -> average.update(params),
            average -> average.beginUpdate(params),
            average ->
                AverageGroup.of(average, new ParameterAverage(AveragingConfig.of(0), params)))
        .map(Arguments::of);
  }

  @ParameterizedTest
  @MethodSource("uses")
  void whateverUsesTheAverageWaitsForTheUpdate(Consumer<ParameterAverage> use) throws Exception {
    INDArray params = floats(3, 5);
    ParameterAverage average =
        new ParameterAverage(AveragingConfig.builder().decay(0.5).build(), floats(1, 1));
    Queue<Runnable> held = new ArrayDeque<>();
    average.shareUpdates(new Background(held::add));
    average.beginUpdate(params);
    FutureTask<Void> task = new FutureTask<>(() -> use.accept(average), null);
    Thread user = new Thread(task, "user");
    user.start();
    while (user.getState() != Thread.State.WAITING) {
      assertFalse(task.isDone(), "it did not wait");
      Thread.onSpinWait();
    }
    held.remove().run();
    task.get();
    held.forEach(Runnable::run); // what the use itself began
    average.awaitUpdate();
  }

  @Test
  void anUpdateIsInTheAverageWhenItIsRead() {
    ParameterAverage average = new ParameterAverage(AveragingConfig.of(0.5), floats(1, 1));
    Queue<Runnable> held = new ArrayDeque<>();
    average.shareUpdates(new Background(held::add));
    INDArray array = average.shadow();
    average.beginUpdate(floats(3, 5));
    assertArrayEquals(bits(floats(1, 1)), bits(array)); // on no other thread than the other
    held.remove().run();
    assertArrayEquals(bits(floats(2, 3)), bits(average.shadow()));
    assertEquals(1, average.updateCount());
  }

  // ---------------------------------------------------------------- errors and limits

  @Test
  void anErrorOfTheOtherThreadIsThrownByWhateverComesNext() {
    RuntimeException error = new RuntimeException("no memory left");
    Background failing = Background.daemon("failing");
    ParameterAverage average = new ParameterAverage(AveragingConfig.of(0.5), floats(1, 1));
    average.shareUpdates(failing);
    failing.run(
        () -> {
          throw error;
        });
    INDArray params = floats(3, 5);
    for (Runnable next :
        List.<Runnable>of(
            average::awaitUpdate,
            average::shadow,
            average::counters,
            () -> average.beginUpdate(params),
            () -> average.swap(params))) {
      IllegalStateException e = assertThrows(IllegalStateException.class, next::run);
      assertSame(error, e.getCause());
    }
    assertFalse(average.isSwapped());
    assertArrayEquals(bits(floats(3, 5)), bits(params));
  }

  @Test
  void whatIsWrongWithAnUpdateIsThrownByItAndChangesNothing() {
    ParameterAverage average =
        new ParameterAverage(
            config(true).startAfter(0).onNonFinite(NonFinitePolicy.THROW).build(), floats(1, 1));
    assertThrows(
        NonFiniteParametersException.class, () -> average.beginUpdate(floats(2, Float.NaN)));
    assertThrows(IllegalArgumentException.class, () -> average.beginUpdate(floats(1, 2, 3)));
    INDArray params = floats(7, 7);
    try (Swap ignored = average.swap(params)) {
      assertThrows(IllegalStateException.class, () -> average.beginUpdate(params));
    }
    average.awaitUpdate();
    assertArrayEquals(bits(floats(1, 1)), bits(average.shadow()));
    assertEquals(0, average.updateCount());
  }

  @Test
  void aShadowOnTheHostIsUpdatedInTheBackgroundInstead() {
    IllegalStateException e =
        assertThrows(IllegalStateException.class, () -> config(true).shadowOnHost(true).build());
    assertTrue(e.getMessage().contains("inBackground(true)"), e.getMessage());
    assertTrue(config(true).build().overlapped());
    assertFalse(AveragingConfig.of(0.9).overlapped());
    assertFalse(config(true).build().equals(config(false).build()));
  }
}
