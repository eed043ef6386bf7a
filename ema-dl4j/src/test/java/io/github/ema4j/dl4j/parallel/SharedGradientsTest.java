// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.parallel;

import static io.github.ema4j.dl4j.parallel.Scene.BATCH;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.ema4j.core.schedule.DecaySchedule;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.testing.EmaOracle;
import io.github.ema4j.testing.dl4j.Data;
import io.github.ema4j.testing.dl4j.Models;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.deeplearning4j.parallelism.ParallelWrapper;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.dataset.DataSet;

/**
 * The average is that of the weights which the workers have after each iteration. In which order
 * they apply each other's gradients is Deeplearning4j's affair, so the weights are recorded.
 */
@Timeout(120)
class SharedGradientsTest {

  private static final DecaySchedule SCHEDULE = DecaySchedule.inversePower(0.9);

  static Stream<Arguments> modes() {
    return Stream.of(
        Arguments.of(Scene.network(), 2),
        Arguments.of(Scene.network(), 3),
        Arguments.of(Scene.graph(), 2));
  }

  /** The weights of every worker's network after every iteration. */
  private static final class Recorder extends BaseTrainingListener {
    private final Map<Model, List<float[]>> weights = new ConcurrentHashMap<>();

    @Override
    public void iterationDone(Model network, int iteration, int epoch) {
      weights
          .computeIfAbsent(network, n -> new CopyOnWriteArrayList<>())
          .add(EmaOracle.floats(network.params()));
    }
  }

  @ParameterizedTest
  @MethodSource("modes")
  void averageIsOfTheWeightsAfterEachIteration(Model network, int workers) throws Exception {
    DataSet points = Data.points(1, 4 * workers * BATCH);
    ModelEmaListener ema = new ModelEmaListener(SCHEDULE);
    EmaOracle expected = oracle(SCHEDULE, network);
    Recorder recorder = new Recorder();
    try (ParallelWrapper wrapper = Scene.sharing(network, workers)) {
      wrapper.setListeners(recorder);
      ParallelEma.attach(wrapper, ema);
      for (int epoch = 0; epoch < 2; epoch++) {
        wrapper.fit(Scene.batches(points));
      }
    }
    List<float[]> own = recorder.weights.get(network);
    assertEquals(8, own.size());
    own.forEach(weights -> expected.update(weights, 1));
    assertArrayEquals(expected.shadow(), EmaOracle.floats(ema.shadow()));
    assertEquals(8, ema.updateCount());
    assertEquals(8, ema.average().stepCount());
    // Every replica of either fit agreed with the network, from the first iteration on.
    List<List<float[]>> replicas =
        recorder.weights.keySet().stream()
            .filter(model -> model != network)
            .map(recorder.weights::get)
            .toList();
    assertEquals(2 * (workers - 1), replicas.size());
    for (List<float[]> replica : replicas) {
      boolean first = IntStream.range(0, 4).allMatch(i -> close(own.get(i), replica.get(i)));
      boolean second = IntStream.range(0, 4).allMatch(i -> close(own.get(4 + i), replica.get(i)));
      assertEquals(true, first || second);
    }
  }

  private static boolean close(float[] a, float[] b) {
    return IntStream.range(0, a.length).allMatch(i -> Math.abs(a[i] - b[i]) < 1e-5);
  }

  private static EmaOracle oracle(DecaySchedule schedule, Model network) {
    return new EmaOracle(
        schedule::decayAt, EmaOracle.floats(network.params()), Models.log10Deviations(network));
  }
}
