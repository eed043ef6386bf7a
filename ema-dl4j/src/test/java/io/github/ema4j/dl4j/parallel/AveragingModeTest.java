// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.parallel;

import static io.github.ema4j.dl4j.parallel.Scene.BATCH;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.AveragingUnit;
import io.github.ema4j.core.schedule.DecaySchedule;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.testing.EmaOracle;
import io.github.ema4j.testing.dl4j.Data;
import io.github.ema4j.testing.dl4j.Models;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.deeplearning4j.datasets.iterator.IteratorMultiDataSetIterator;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
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

/**
 * Weights and average are those of a replay in one thread, bit for bit. Without the gate that has
 * the workers wait for each other's copies, nearly every run would differ from it.
 */
@Timeout(120)
class AveragingModeTest {

  private static final DecaySchedule CONSTANT = DecaySchedule.constant(0.9);

  /** 11 minibatches, which is no multiple of any number of workers. */
  private static final DataSet POINTS = Data.points(1, 10 * BATCH + 3);

  static Stream<Arguments> modes() {
    return Stream.of(
        Arguments.of(Scene.network(), Scene.network(), 2, 1),
        Arguments.of(Scene.network(), Scene.network(), 2, 3),
        Arguments.of(Scene.network(), Scene.network(), 4, 3),
        Arguments.of(Scene.graph(), Scene.graph(), 2, 3),
        Arguments.of(Scene.graph(), Scene.graph(), 4, 1));
  }

  private static Replay replay(Model network, int workers, int frequency, DecaySchedule schedule) {
    return new Replay(network, workers, frequency, oracle(schedule, network));
  }

  private static void assertSame(Replay expected, Model network, ModelEmaListener ema) {
    assertArrayEquals(
        EmaOracle.floats(expected.network().params()), EmaOracle.floats(network.params()));
    assertArrayEquals(expected.ema().shadow(), EmaOracle.floats(ema.shadow()));
    assertEquals(expected.ema().updates(), ema.updateCount());
    assertEquals(expected.ema().initialShare(), ema.initialShare(), 1e-12);
    assertEquals(
        expected.intervals().stream().mapToLong(steps -> steps).sum(), ema.average().stepCount());
  }

  @ParameterizedTest
  @MethodSource("modes")
  void averageIsThatOfAReplay(Model network, Model copy, int workers, int frequency)
      throws Exception {
    Replay replay = replay(copy, workers, frequency, CONSTANT);
    ModelEmaListener ema = new ModelEmaListener(0.9);
    try (ParallelWrapper wrapper = Scene.averaging(network, workers, frequency)) {
      ParallelEma.attach(wrapper, ema);
      for (int epoch = 0; epoch < 2; epoch++) {
        wrapper.fit(Scene.batches(POINTS));
        replay.fit(POINTS.batchBy(BATCH));
        assertSame(replay, network, ema);
      }
    }
  }

  @Test
  void leftOverRoundsCountAtTheEndOfAFit() throws Exception {
    MultiLayerNetwork network = Scene.network();
    Replay replay = replay(Scene.network(), 2, 4, CONSTANT);
    ModelEmaListener ema = new ModelEmaListener(0.9);
    try (ParallelWrapper wrapper = Scene.averaging(network, 2, 4)) {
      ParallelEma.attach(wrapper, ema);
      for (int epoch = 0; epoch < 2; epoch++) {
        wrapper.fit(Scene.batches(POINTS)); // six rounds
        replay.fit(POINTS.batchBy(BATCH));
      }
    }
    // The wrapper goes on counting its rounds from fit to fit.
    assertEquals(List.of(4L, 2L, 2L, 4L), replay.intervals());
    assertSame(replay, network, ema);
    assertEquals(Math.pow(0.9, 12), ema.initialShare(), 1e-12);
  }

  @Test
  void scheduleIsAskedForEveryIteration() throws Exception {
    DecaySchedule schedule = DecaySchedule.inversePower(0.9);
    MultiLayerNetwork network = Scene.network();
    Replay replay = replay(Scene.network(), 2, 3, schedule);
    ModelEmaListener ema = new ModelEmaListener(schedule);
    try (ParallelWrapper wrapper = Scene.averaging(network, 2, 3)) {
      ParallelEma.attach(wrapper, ema);
      for (int epoch = 0; epoch < 2; epoch++) {
        wrapper.fit(Scene.batches(POINTS));
        replay.fit(POINTS.batchBy(BATCH));
      }
    }
    assertSame(replay, network, ema);
  }

  @Test
  void multiDataSets() throws Exception {
    ComputationGraph graph = Scene.graph();
    Replay replay = replay(Scene.graph(), 2, 2, CONSTANT);
    ModelEmaListener ema = new ModelEmaListener(0.9);
    try (ParallelWrapper wrapper = Scene.averaging(graph, 2, 2)) {
      ParallelEma.attach(wrapper, ema);
      wrapper.fit(
          new IteratorMultiDataSetIterator(
              POINTS.batchBy(BATCH).stream().map(DataSet::toMultiDataSet).iterator(), BATCH));
    }
    replay.fit(POINTS.batchBy(BATCH));
    assertSame(replay, graph, ema);
  }

  @Test
  void truncatedBackpropagationThroughTimeHasSeveralIterationsARound() throws Exception {
    DataSet sequences = Scene.sequences(1, 6 * BATCH);
    MultiLayerNetwork network = Scene.truncatedInTime();
    Replay replay = replay(Scene.truncatedInTime(), 2, 2, CONSTANT);
    ModelEmaListener ema = new ModelEmaListener(0.9);
    try (ParallelWrapper wrapper = Scene.averaging(network, 2, 2)) {
      ParallelEma.attach(wrapper, ema);
      wrapper.fit(Scene.batches(sequences));
    }
    replay.fit(sequences.batchBy(BATCH));
    assertEquals(List.of(6L, 3L), replay.intervals());
    assertSame(replay, network, ema);
  }

  @Test
  void attachedAfterAFitTheAverageBeginsThere() throws Exception {
    MultiLayerNetwork network = Scene.network();
    ModelEmaListener ema = new ModelEmaListener(0.9);
    try (ParallelWrapper wrapper = Scene.averaging(network, 2, 4)) {
      wrapper.fit(Scene.batches(POINTS));
      ParallelEma.attach(wrapper, ema);
      EmaOracle expected = oracle(CONSTANT, network);
      assertArrayEquals(expected.shadow(), EmaOracle.floats(ema.shadow()));

      wrapper.fit(Scene.batches(POINTS));
      // Rounds 7 to 12: two of them complete the four that the first fit began.
      assertEquals(2, ema.updateCount());
      assertEquals(6, ema.average().stepCount());
    }
  }

  @Test
  void trainingInBetweenIsNotCounted() throws Exception {
    MultiLayerNetwork network = Scene.network();
    ModelEmaListener ema = new ModelEmaListener(0.9);
    try (ParallelWrapper wrapper = Scene.averaging(network, 2, 1)) {
      ParallelEma.attach(wrapper, ema);
      wrapper.fit(Scene.batches(POINTS));
      assertEquals(6, ema.average().stepCount());
      network.fit(POINTS);
      wrapper.fit(Scene.batches(POINTS));
      assertEquals(12, ema.average().stepCount());
    }
  }

  @Test
  void startIsTheWeightsOfTheFirstFit() throws Exception {
    MultiLayerNetwork network = Scene.network();
    ModelEmaListener ema = new ModelEmaListener(1.0); // never moves
    try (ParallelWrapper wrapper = Scene.averaging(network, 2, 1)) {
      ParallelEma.attach(wrapper, ema);
      network.params().muli(0.5); // as if others were loaded
      float[] start = EmaOracle.floats(network.params());
      wrapper.fit(Scene.batches(POINTS));
      assertArrayEquals(start, EmaOracle.floats(ema.shadow()));
    }
  }

  private static EmaOracle oracle(DecaySchedule schedule, Model network) {
    return new EmaOracle(
        schedule::decayAt, EmaOracle.floats(network.params()), Models.log10Deviations(network));
  }

  /** Two workers, averaged after two minibatches of each, and one minibatch that is smaller. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void examplesOfAllWorkersAreCounted(boolean sharing) throws Exception {
    MultiLayerNetwork network = Scene.network();
    ModelEmaListener ema =
        new ModelEmaListener(
            AveragingConfig.builder().decay(0.99).unit(AveragingUnit.EXAMPLES).build());
    List<Long> seen = new ArrayList<>();
    ema.andThen(
        new BaseTrainingListener() {
          @Override
          public void iterationDone(Model model, int iteration, int epoch) {
            seen.add(ema.stepCount());
          }
        });
    try (ParallelWrapper wrapper =
        sharing ? Scene.sharing(network, 2) : Scene.averaging(network, 2, 2)) {
      ParallelEma.attach(wrapper, ema);
      wrapper.fit(Scene.batches(Data.points(1, 7 * BATCH + 3)));
    }
    assertEquals(7 * BATCH + 3, ema.stepCount());
    assertEquals(Math.pow(0.99, 7 * BATCH + 3), ema.initialShare(), 1e-12);
    assertEquals(
        sharing
            ? List.of(2L * BATCH, 4L * BATCH, 6L * BATCH, 7L * BATCH + 3)
            : List.of(4L * BATCH, 7L * BATCH + 3),
        seen);
  }
}
