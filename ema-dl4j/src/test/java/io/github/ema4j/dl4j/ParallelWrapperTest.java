// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import io.github.ema4j.dl4j.evaluation.EmaEvaluator;
import io.github.ema4j.dl4j.evaluation.EmaHistory;
import io.github.ema4j.testing.Bits;
import io.github.ema4j.testing.LogCapture;
import io.github.ema4j.testing.dl4j.Batches;
import io.github.ema4j.testing.dl4j.Data;
import io.github.ema4j.testing.dl4j.Nets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.api.NeuralNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.deeplearning4j.parallelism.ParallelWrapper;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;

/**
 * ParallelWrapper hands the listeners of a network to its workers, of which the first trains the
 * network itself and the others train replicas, on threads of their own.
 */
@Timeout(120)
class ParallelWrapperTest {

  private static final DataSet POINTS = Data.points(1, 48);
  private static final int ROUNDS = 3;

  static List<Model> networks() {
    return List.of(Nets.mlp(), Nets.graph());
  }

  private static void fitInParallel(Model network) {
    try (ParallelWrapper wrapper =
        new ParallelWrapper.Builder<>(network)
            .workers(2)
            .averagingFrequency(1)
            .prefetchBuffer(0)
            .build()) {
      wrapper.fit(Batches.of(POINTS, 8)); // six batches for two workers
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private static List<String> warningsOfReplicas(LogCapture log) {
    return log.messages(Level.WARN).stream()
        .filter(m -> m.startsWith("ParallelWrapper trains replicas of the network"))
        .toList();
  }

  @ParameterizedTest
  @MethodSource("networks")
  void replicasAreLeftOutWithOneWarningThatNamesTheRightCall(Model network) {
    try (LogCapture log = new LogCapture(ModelEmaListener.class)) {
      ModelEmaListener ema = new ModelEmaListener(0.9);
      network.setListeners(ema);
      Bits before = Bits.of(network.params());

      fitInParallel(network);

      assertNotEquals(before, Bits.of(network.params()));
      assertFalse(ema.isStarted());
      assertEquals(1, warningsOfReplicas(log).size());
      assertTrue(warningsOfReplicas(log).get(0).contains("ParallelEma.attach(wrapper, ema)"));
    }
  }

  @ParameterizedTest
  @MethodSource("networks")
  void averageOfAttachedNetworkFollowsTheOriginal(Model network) {
    try (LogCapture log = new LogCapture(ModelEmaListener.class)) {
      ModelEmaListener ema = new ModelEmaListener(0.9).start(network);
      EmaByHand byHand = new EmaByHand(ema, 0.9, network.params());
      List<Throwable> failures = new CopyOnWriteArrayList<>();
      network.setListeners(ema, onOriginal(network, byHand, failures));

      fitInParallel(network);

      assertEquals(List.of(), failures);
      assertEquals(ROUNDS, byHand.updates());
      assertEquals(ROUNDS, ema.updateCount());
      assertEquals(byHand.bits(), Bits.of(ema.shadow()));
      assertEquals(1, warningsOfReplicas(log).size());
    }
  }

  /** Passes on what concerns the original, and keeps what ParallelWrapper would swallow. */
  private static TrainingListener onOriginal(
      Model original, TrainingListener listener, List<Throwable> failures) {
    return new BaseTrainingListener() {
      @Override
      public void iterationDone(Model network, int iteration, int epoch) {
        if (network == original) {
          try {
            listener.iterationDone(network, iteration, epoch);
          } catch (AssertionError | RuntimeException e) {
            failures.add(e);
          }
        }
      }
    };
  }

  @ParameterizedTest
  @MethodSource("networks")
  void evaluatorAndWrappedListenersSeeTheOriginalOnly(Model network) {
    ModelEmaListener ema = new ModelEmaListener(0.9).start(network);
    EmaHistory history =
        new EmaEvaluator(ema, Batches.of(Data.points(2, 16), 8)).everyIterations(1);
    List<Model> seen = new CopyOnWriteArrayList<>();
    List<INDArray> params = new CopyOnWriteArrayList<>();
    network.setListeners(
        ema,
        history,
        ema.during(
            new BaseTrainingListener() {
              @Override
              public void iterationDone(Model model, int iteration, int epoch) {
                seen.add(model);
                params.add(model.params().dup());
              }
            }));

    fitInParallel(network);

    assertEquals(ROUNDS, seen.size());
    assertTrue(seen.stream().allMatch(model -> model == network));
    assertEquals(ROUNDS, history.history().size());
    assertEquals(16, history.last().averaged(Evaluation.class).getNumRowCounter());
    assertEquals(Bits.of(ema.shadow()), Bits.of(params.get(ROUNDS - 1)));
  }

  @ParameterizedTest
  @MethodSource("networks")
  void trainingGoesOnAfterwardsWithoutTheWrapper(Model network) {
    ModelEmaListener ema = new ModelEmaListener(0.9).start(network);
    network.setListeners(ema);
    fitInParallel(network);
    assertEquals(ROUNDS, ema.updateCount());
    network.setListeners(ema);
    ((NeuralNetwork) network).fit(Batches.of(POINTS, 8));
    assertEquals(ROUNDS + 6, ema.updateCount());
  }
}
