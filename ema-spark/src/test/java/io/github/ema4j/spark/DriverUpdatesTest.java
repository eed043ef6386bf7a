// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.Swap;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.testing.EmaOracle;
import io.github.ema4j.testing.dl4j.Models;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.spark.parameterserver.networking.v2.UpdatesConsumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** When updates are applied, and what they do to weights and average. */
@Timeout(60)
class DriverUpdatesTest {

  private static final double DECAY = 0.9;
  private static final float THRESHOLD = 0.01f;

  private final Model network = Kind.LAYERS.create();
  private final float[] start = EmaOracle.floats(network.params());
  private final ModelEmaListener ema = new ModelEmaListener(DECAY).start(network);
  private final DriverUpdates updates = new DriverUpdates(network, ema);
  private final Random random = new Random(5);
  private final UpdatesConsumer ofDeeplearning4j =
      UpdatesConsumer.builder()
          .params(network.params())
          .updates(Nd4j.create(network.params().shape()))
          .stepFunction(network.getOptimizer().getStepFunction())
          .build();

  @BeforeEach
  void replace() {
    updates.replace(ofDeeplearning4j);
  }

  private List<INDArray> messages(int count) {
    List<INDArray> messages = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      messages.add(Encoded.signs(THRESHOLD, random.ints(start.length, -1, 2).toArray()));
    }
    return messages;
  }

  private void assertApplied(List<INDArray> messages) {
    Round.assertSame(
        List.of(Encoded.fold(start, Models.log10Deviations(network), messages, DECAY)),
        List.of(new Round(EmaOracle.floats(network.params()), EmaOracle.floats(ema.shadow()))));
    assertEquals(messages.size(), ema.updateCount());
  }

  @Test
  void eachUpdateIsAppliedAndAveragedOnItsOwn() {
    List<INDArray> messages = messages(5);
    updates.open(() -> {});
    messages.forEach(updates::onNext);
    assertApplied(messages);
    assertFalse(Arrays.equals(start, EmaOracle.floats(network.params())), "a test of nothing");
  }

  @Test
  void theConsumerThatIsReplacedWritesNothing() {
    messages(40).forEach(ofDeeplearning4j::onNext);
    ofDeeplearning4j.flush();
    assertArrayEquals(start, EmaOracle.floats(network.params()));
    assertArrayEquals(
        start, EmaOracle.floats(ofDeeplearning4j.getParametersArray()), "but serves them");
  }

  @Test
  void whatComesBetweenTwoFitsWaitsForTheNext() {
    List<INDArray> messages = messages(4);
    updates.open(() -> {});
    updates.onNext(messages.get(0));
    updates.close();
    updates.onNext(messages.get(1));
    updates.onNext(messages.get(2));
    assertApplied(messages.subList(0, 1));
    updates.open(() -> {});
    assertApplied(messages.subList(0, 3));
    updates.onNext(messages.get(3));
    assertApplied(messages);
  }

  @Test
  void whatComesWhileSwappedWaitsForTheSwapToBeClosed() {
    List<INDArray> messages = messages(4);
    updates.open(() -> {});
    updates.onNext(messages.get(0));
    float[] averaged = EmaOracle.floats(ema.shadow());
    try (Swap ignored = ema.swap(network)) {
      updates.onNext(messages.get(1));
      assertArrayEquals(averaged, EmaOracle.floats(network.params()));
    }
    assertApplied(messages.subList(0, 1));
    updates.onNext(messages.get(2));
    assertApplied(messages.subList(0, 3));
    try (Swap ignored = ema.swap(network)) {
      updates.onNext(messages.get(3));
    }
    updates.close();
    assertApplied(messages);
  }

  @Test
  void updatesOfManyThreadsAreAppliedOneAtATime() throws Exception {
    AtomicInteger inside = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    DriverUpdates slow =
        new DriverUpdates(network, ema) {
          @Override
          void apply(INDArray message, UpdatesConsumer server) {
            most.accumulateAndGet(inside.incrementAndGet(), Math::max);
            LockSupport.parkNanos(5_000_000);
            super.apply(message, server);
            inside.decrementAndGet();
          }
        };
    slow.replace(ofDeeplearning4j);
    slow.open(() -> {});
    List<Thread> transport =
        messages(8).stream().map(message -> new Thread(() -> slow.onNext(message))).toList();
    transport.forEach(Thread::start);
    for (Thread thread : transport) {
      thread.join();
    }
    slow.requireApplied();
    assertEquals(8, ema.updateCount());
    assertEquals(1, most.get());
  }

  @Test
  void updatesOfManyThreadsAreAllApplied() throws Exception {
    int threads = 4;
    int times = 100;
    List<INDArray> messages = messages(50);
    updates.open(() -> {});
    ExecutorService executor = Executors.newFixedThreadPool(threads);
    try {
      CountDownLatch together = new CountDownLatch(threads);
      List<Future<?>> done = new ArrayList<>();
      for (int thread = 0; thread < threads; thread++) {
        done.add(
            executor.submit(
                () -> {
                  together.countDown();
                  together.await();
                  for (int time = 0; time < times; time++) {
                    messages.forEach(updates::onNext);
                  }
                  return null;
                }));
      }
      for (Future<?> future : done) {
        future.get(30, TimeUnit.SECONDS);
      }
    } finally {
      executor.shutdownNow();
    }
    updates.requireApplied();
    List<INDArray> all = new ArrayList<>();
    for (int time = 0; time < threads * times; time++) {
      all.addAll(messages);
    }
    assertEquals(all.size(), ema.updateCount());
    // In any order: their sums differ by much less than a single update that is lost.
    assertArrayEquals(
        Encoded.fold(start, Models.log10Deviations(network), all, 0).params(),
        EmaOracle.floats(network.params()),
        THRESHOLD / 4);
  }

  @Test
  void anUpdateThatCannotBeReadIsSaidAtTheEndOfTheFit() {
    List<INDArray> messages = messages(3);
    INDArray unknown = messages.get(0).dup();
    unknown.data().put(3, 77);
    updates.open(() -> {});
    updates.onNext(messages.get(1));
    updates.onNext(unknown);
    updates.onNext(messages.get(2));
    updates.close();
    Throwable e = assertThrows(IllegalStateException.class, updates::requireApplied);
    assertTrue(e.getCause().getMessage().contains("77"), e.getCause().getMessage());
    assertApplied(messages.subList(1, 2));
    updates.open(() -> {});
    updates.onNext(messages.get(2));
    updates.requireApplied();
    assertApplied(messages.subList(1, 3));
  }
}
