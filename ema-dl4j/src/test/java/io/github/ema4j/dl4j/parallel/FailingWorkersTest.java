// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.parallel;

import static io.github.ema4j.dl4j.parallel.Scene.BATCH;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.NonFiniteParametersException;
import io.github.ema4j.core.NonFinitePolicy;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.testing.EmaOracle;
import io.github.ema4j.testing.dl4j.Data;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.deeplearning4j.core.storage.StatsStorageRouter;
import org.deeplearning4j.core.storage.listener.RoutingIterationListener;
import org.deeplearning4j.exception.DL4JInvalidInputException;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.deeplearning4j.parallelism.ParallelWrapper;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.DataSetPreProcessor;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.nd4j.linalg.factory.Nd4j;

/** Whatever fails, nothing hangs, and the average is one of weights that the workers agreed on. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FailingWorkersTest {

  private static final DataSet POINTS = Data.points(1, 12 * BATCH);

  private final MultiLayerNetwork network = Scene.network();
  private final ModelEmaListener ema = new ModelEmaListener(0.9);

  /** Fails in one iteration of the network or of its replicas. */
  private static final class Failing extends BaseTrainingListener {
    private final MultiLayerNetwork network;
    private final boolean inReplica;
    private final Supplier<Throwable> failure;
    private boolean armed = true;

    Failing(MultiLayerNetwork network, boolean inReplica, Supplier<Throwable> failure) {
      this.network = network;
      this.inReplica = inReplica;
      this.failure = failure;
    }

    @Override
    public void iterationDone(Model model, int iteration, int epoch) {
      if (armed && (model != network) == inReplica && iteration == 3) {
        armed = false;
        Failing.<RuntimeException>sneak(failure.get());
      }
    }

    @SuppressWarnings("unchecked")
    private static <T extends Throwable> void sneak(Throwable failure) throws T {
      throw (T) failure;
    }
  }

  static Stream<Arguments> failures() {
    Supplier<Throwable> exception = () -> new IllegalArgumentException("made to fail");
    Supplier<Throwable> error = () -> new AssertionError("made to fail");
    return Stream.of(
        Arguments.of(false, exception),
        Arguments.of(true, exception),
        Arguments.of(false, error),
        Arguments.of(true, error));
  }

  @ParameterizedTest
  @MethodSource("failures")
  void workerThatFailsEndsTheFit(boolean inReplica, Supplier<Throwable> failure) {
    EmaByHandAtSynchronisations expected = new EmaByHandAtSynchronisations();
    ParallelWrapper wrapper = Scene.averaging(network, 2, 2);
    wrapper.setListeners(new Failing(network, inReplica, failure));
    ParallelEma.attach(wrapper, ema.andThen(expected));

    Throwable e = assertThrows(RuntimeException.class, () -> wrapper.fit(Scene.batches(POINTS)));
    assertTrue(causes(e).anyMatch(c -> "made to fail".equals(c.getMessage())), e.toString());
    // Six rounds, of which the fourth failed: the average is as after the second.
    assertEquals(1, ema.updateCount());
    String message = assertThrows(IllegalStateException.class, ema::shadow).getMessage();
    assertTrue(message.contains("The average is not up to date"), message);
    ema.declareCurrent(network);
    assertArrayEquals(expected.shadow, EmaOracle.floats(ema.shadow()));

    // The workers of the failed fit are still there.
    assertThrows(RuntimeException.class, () -> wrapper.fit(Scene.batches(POINTS)));
    wrapper.shutdown();
    assertEquals(1, ema.updateCount());
    assertArrayEquals(expected.shadow, EmaOracle.floats(ema.shadow()));

    // And then it may go on.
    wrapper.fit(Scene.batches(POINTS));
    assertTrue(ema.updateCount() >= 4, ema.toString());
    assertArrayEquals(expected.shadow, EmaOracle.floats(ema.shadow()));
  }

  /** Keeps the shadow as it was at the last synchronisation. */
  private final class EmaByHandAtSynchronisations extends BaseTrainingListener {
    private float[] shadow;

    @Override
    public void iterationDone(Model model, int iteration, int epoch) {
      shadow = EmaOracle.floats(ema.shadow());
    }
  }

  private static Stream<Throwable> causes(Throwable e) {
    return Stream.iterate(e, c -> c != null, Throwable::getCause);
  }

  /** A listener that every worker clones while it starts. */
  private static final class NotToBeCloned extends BaseTrainingListener
      implements RoutingIterationListener {
    @Override
    public RoutingIterationListener clone() {
      throw new IllegalArgumentException("made to fail");
    }

    @Override
    public void setStorageRouter(StatsStorageRouter router) {}

    @Override
    public StatsStorageRouter getStorageRouter() {
      return null;
    }

    @Override
    public void setWorkerID(String id) {}

    @Override
    public String getWorkerID() {
      return "";
    }

    @Override
    public void setSessionID(String id) {}

    @Override
    public String getSessionID() {
      return "";
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void workersThatCannotStart(boolean sharing) {
    float[] before = EmaOracle.floats(network.params());
    ParallelWrapper wrapper = sharing ? Scene.sharing(network, 2) : Scene.averaging(network, 2, 1);
    wrapper.setListeners(new NotToBeCloned());
    ParallelEma.attach(wrapper, ema);

    Throwable e = assertThrows(RuntimeException.class, () -> wrapper.fit(Scene.batches(POINTS)));
    assertTrue(causes(e).anyMatch(c -> "made to fail".equals(c.getMessage())), e.toString());
    wrapper.shutdown();
    assertEquals(0, ema.stepCount());
    assertArrayEquals(before, EmaOracle.floats(network.params()));
    assertArrayEquals(before, EmaOracle.floats(ema.shadow()));
  }

  @Test
  void dataThatCannotBeReadLeavesWholeRounds() {
    DataSetIterator data = Scene.batches(POINTS);
    data.setPreProcessor(
        new DataSetPreProcessor() {
          private int batches;

          @Override
          public void preProcess(org.nd4j.linalg.dataset.api.DataSet batch) {
            if (++batches == 7) {
              throw new IllegalArgumentException("made to fail");
            }
          }
        });
    ParallelWrapper wrapper =
        new ParallelWrapper.Builder<>(network)
            .workers(2)
            .averagingFrequency(2)
            .prefetchBuffer(0)
            .build();
    ParallelEma.attach(wrapper, ema);

    assertThrows(RuntimeException.class, () -> wrapper.fit(data));
    assertEquals(2, ema.stepCount());
    wrapper.shutdown(); // the third round, whole, is left over
    assertEquals(3, ema.stepCount());
    assertEquals(2, ema.updateCount());
  }

  @Test
  void listenerThatFailsAtASynchronisation() {
    ParallelWrapper wrapper = Scene.averaging(network, 2, 2);
    ParallelEma.attach(
        wrapper,
        ema.andThen(
            new BaseTrainingListener() {
              private boolean failed;

              @Override
              public void iterationDone(Model model, int iteration, int epoch) {
                if (!failed && iteration == 5) { // the last round
                  failed = true;
                  throw new IllegalArgumentException("made to fail");
                }
              }
            }));

    Throwable e = assertThrows(RuntimeException.class, () -> wrapper.fit(Scene.batches(POINTS)));
    assertTrue(causes(e).anyMatch(c -> "made to fail".equals(c.getMessage())), e.toString());
    assertEquals(6, ema.stepCount());
    wrapper.shutdown();
    assertEquals(6, ema.stepCount());
    wrapper.fit(Scene.batches(POINTS));
    assertEquals(12, ema.stepCount());
  }

  /** One worker waits for the gradients of the other, which has none. */
  @ParameterizedTest
  @ValueSource(ints = {3, 4}) // of the second round, for the first and the second worker
  void sharingWorkerThatFailsInItsForwardPass(int minibatch) {
    DataSetIterator data = Scene.batches(POINTS);
    data.setPreProcessor(
        new DataSetPreProcessor() {
          private int batches;

          @Override
          public void preProcess(org.nd4j.linalg.dataset.api.DataSet batch) {
            if (++batches == minibatch) {
              batch.setFeatures(Nd4j.create(BATCH, 5));
            }
          }
        });
    ParallelWrapper wrapper = Scene.sharing(network, 2);
    ParallelEma.attach(wrapper, ema);

    Throwable e = assertThrows(RuntimeException.class, () -> wrapper.fit(data));
    assertTrue(causes(e).anyMatch(DL4JInvalidInputException.class::isInstance), e.toString());
    assertThrows(RuntimeException.class, () -> wrapper.fit(Scene.batches(POINTS)));
    wrapper.shutdown();
    assertEquals(1, ema.updateCount());

    assertGoesOnWithANewWrapper(wrapper);
  }

  @Test
  void listenerThatFailsBetweenSharedIterations() {
    ParallelWrapper wrapper = Scene.sharing(network, 2);
    ParallelEma.attach(
        wrapper,
        ema.andThen(
            new BaseTrainingListener() {
              private boolean failed;

              @Override
              public void iterationDone(Model model, int iteration, int epoch) {
                if (!failed) {
                  failed = true;
                  throw new IllegalArgumentException("made to fail");
                }
              }
            }));

    Throwable e = assertThrows(RuntimeException.class, () -> wrapper.fit(Scene.batches(POINTS)));
    assertEquals("made to fail", e.getMessage());
    wrapper.shutdown();
    assertEquals(1, ema.updateCount());

    assertGoesOnWithANewWrapper(wrapper);
  }

  private void assertGoesOnWithANewWrapper(ParallelWrapper broken) {
    Exception e =
        assertThrows(IllegalStateException.class, () -> broken.fit(Scene.batches(POINTS)));
    assertTrue(e.getMessage().contains("build a new ParallelWrapper"), e.getMessage());

    ParallelWrapper wrapper = Scene.sharing(network, 2);
    ParallelEma.attach(wrapper, ema);
    wrapper.fit(Scene.batches(POINTS));
    wrapper.shutdown();
    assertEquals(7, ema.updateCount());
  }

  @Test
  void listenerThatFailsAtTheEndOfAFit() {
    ParallelWrapper wrapper = Scene.averaging(network, 2, 2);
    ParallelEma.attach(
        wrapper,
        ema.andThen(
            new BaseTrainingListener() {
              private boolean failed;

              @Override
              public void onEpochEnd(Model model) {
                if (!failed) {
                  failed = true;
                  throw new IllegalArgumentException("made to fail");
                }
              }
            }));

    Throwable e = assertThrows(RuntimeException.class, () -> wrapper.fit(Scene.batches(POINTS)));
    assertTrue(causes(e).anyMatch(c -> "made to fail".equals(c.getMessage())), e.toString());
    // The workers have ended, and the wrapper would wait for what they do with its data.
    e = assertThrows(IllegalStateException.class, () -> wrapper.fit(Scene.batches(POINTS)));
    assertTrue(e.getMessage().contains("close the wrapper"), e.getMessage());
    assertEquals(6, ema.stepCount());

    wrapper.shutdown();
    wrapper.fit(Scene.batches(POINTS));
    assertEquals(12, ema.stepCount());
  }

  @Test
  void weightsThatAreNotFinite() {
    ModelEmaListener strict =
        new ModelEmaListener(
            AveragingConfig.builder().decay(0.9).onNonFinite(NonFinitePolicy.THROW).build());
    ParallelWrapper wrapper = Scene.averaging(network, 2, 2);
    ParallelEma.attach(
        wrapper,
        strict.andThen(
            new BaseTrainingListener() {
              @Override
              public void iterationDone(Model model, int iteration, int epoch) {
                if (iteration == 3) {
                  network.params().putScalar(0, Float.NaN);
                }
              }
            }));
    Throwable e = assertThrows(RuntimeException.class, () -> wrapper.fit(Scene.batches(POINTS)));
    assertTrue(causes(e).anyMatch(NonFiniteParametersException.class::isInstance), e.toString());
    assertEquals(2, strict.updateCount());
    wrapper.shutdown();
    assertEquals(2, strict.updateCount());
    strict.declareCurrent(network);
    assertEquals(List.of(), Stream.of(strict.shadow()).filter(s -> s.isNaN().any()).toList());
  }
}
