// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.schedule.DecaySchedule;
import io.github.ema4j.dl4j.EmaCheckpointException;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.testing.Bits;
import io.github.ema4j.testing.dl4j.Kind;
import io.github.ema4j.testing.dl4j.Models;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.deeplearning4j.datasets.iterator.utilty.ListDataSetIterator;
import org.deeplearning4j.datasets.iterator.utilty.SingletonMultiDataSetIterator;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.nd4j.linalg.factory.Nd4j;

class EmaRunTest {

  private static final AveragingConfig SLOW = AveragingConfig.of(0.9);
  private static final AveragingConfig FAST = AveragingConfig.of(0.5);

  @TempDir private Path directory;

  private static DataSetIterator data(Kind kind) {
    return new ListDataSetIterator<>(kind.epoch(), 1);
  }

  private static List<Bits> state(EmaRun<?> run) {
    List<Bits> state = new ArrayList<>();
    state.add(Bits.of(run.network().params()));
    state.add(Bits.of(Models.updaterState(run.network())));
    for (ModelEmaListener average : run.ema().members()) {
      state.add(Bits.of(average.shadow()));
    }
    return state;
  }

  private static EmaRun<Model> run(Kind kind, Path directory, AveragingConfig... averages)
      throws IOException {
    Supplier<Model> initialised = kind::initialised;
    EmaRun<Model> run = EmaRun.startOrResume(directory, initialised, averages);
    if (!run.isResumed()) {
      Nd4j.getRandom().setSeed(7); // of dropout
    }
    return run;
  }

  @ParameterizedTest
  @EnumSource(names = {"MLP", "CNN", "GRAPH", "CONSTRAINED"})
  void aRunThatStartsAgainEndsAsOneThatNeverStopped(Kind kind) throws IOException {
    EmaRun<Model> whole = run(kind, directory.resolve("whole"), SLOW, FAST);
    whole.fitUntil(data(kind), 4);

    Path parts = directory.resolve("parts");
    EmaRun<Model> first = run(kind, parts, SLOW, FAST);
    assertFalse(first.isResumed());
    first.fitUntil(data(kind), 2);
    Nd4j.rand(100); // what another process would have drawn
    EmaRun<Model> second = run(kind, parts, SLOW, FAST);
    assertTrue(second.isResumed());
    assertEquals(2, Models.epochs(second.network()));
    second.fitUntil(data(kind), 4);

    assertEquals(state(whole), state(second));
    assertEquals(4, Models.epochs(second.network()));
    assertEquals(3, EmaCheckpointListener.availableCheckpoints(parts).size());
  }

  @Test
  void whatIsDoneIsNotDoneAgain() throws IOException {
    run(Kind.MLP, directory, SLOW).fitUntil(data(Kind.MLP), 2);
    EmaRun<Model> again = run(Kind.MLP, directory, SLOW);
    List<Bits> before = state(again);
    again.fitUntil(data(Kind.MLP), 2);
    again.fitUntil(data(Kind.MLP), 1);
    assertEquals(before, state(again));
  }

  @Test
  void aDamagedCheckpointIsPassedOver() throws IOException {
    EmaRun<Model> whole = run(Kind.MLP, directory, SLOW);
    whole.fitUntil(data(Kind.MLP), 3);
    Path last = EmaCheckpointListener.lastFile(directory).orElseThrow();
    byte[] bytes = Files.readAllBytes(last);
    bytes[bytes.length / 2] ^= 1;
    Files.write(last, bytes);

    EmaRun<Model> again = run(Kind.MLP, directory, SLOW);
    assertEquals(2, Models.epochs(again.network()));
    again.fitUntil(data(Kind.MLP), 3);
    assertEquals(state(whole), state(again));
  }

  @Test
  void oneLineForEachClassOfNetwork() throws IOException {
    EmaRun<MultiLayerNetwork> layers =
        EmaRun.startOrResume(
            directory.resolve("layers"), () -> (MultiLayerNetwork) Kind.MLP.initialised(), 0.9);
    layers.fitUntil(data(Kind.MLP), 1);
    assertEquals(
        Bits.of(layers.ema().only().shadow()),
        Bits.of(layers.ema().only().averagedNetwork(layers.network()).params()));

    EmaRun<ComputationGraph> graph =
        EmaRun.startOrResume(
            directory.resolve("graph"),
            () -> (ComputationGraph) Kind.GRAPH.initialised(),
            DecaySchedule.inversePower(0.99));
    graph.fitUntil(new SingletonMultiDataSetIterator(Kind.GRAPH.batch(0).toMultiDataSet()), 2);
    assertEquals(2, graph.ema().only().updateCount());
    assertEquals(2, EmaCheckpointListener.availableCheckpoints(directory.resolve("graph")).size());
  }

  @Test
  void withoutADecayTheAverageIsThatOfAListenerWithout() throws IOException {
    EmaRun<Model> run = EmaRun.startOrResume(directory, Kind.MLP::initialised);
    run.fitUntil(data(Kind.MLP), 1);
    assertEquals(new ModelEmaListener().config(), run.ema().only().config());
    EmaRun<Model> again = EmaRun.startOrResume(directory, Kind.MLP::initialised);
    assertTrue(again.isResumed());
    assertEquals(state(run), state(again));
  }

  private void assertRefused(String message, Kind kind, AveragingConfig... averages) {
    EmaCheckpointException e =
        assertThrows(EmaCheckpointException.class, () -> run(kind, directory, averages));
    assertTrue(e.getMessage().contains(message), e.getMessage());
  }

  @Test
  void checkpointsOfAnotherRunAreRefused() throws IOException {
    run(Kind.MLP, directory, SLOW).fitUntil(data(Kind.MLP), 1);
    Path file = EmaCheckpointListener.lastFile(directory).orElseThrow();
    byte[] before = Files.readAllBytes(file);

    assertRefused("but the program makes a ComputationGraph", Kind.GRAPH, SLOW);
    assertRefused("but the program makes a MultiLayerNetwork of", Kind.CNN, SLOW);
    assertRefused("0.5", Kind.MLP, FAST);
    assertRefused("1 averages, expected 2", Kind.MLP, SLOW, FAST);
    assertArrayEquals(before, Files.readAllBytes(file));
    assertEquals(1, EmaCheckpointListener.availableCheckpoints(directory).size());
  }

  @Test
  void badArguments() throws IOException {
    assertThrows(IllegalArgumentException.class, () -> run(Kind.MLP, directory));
    EmaRun<Model> run = run(Kind.MLP, directory, SLOW);
    assertThrows(IllegalArgumentException.class, () -> run.fitUntil(data(Kind.MLP), 0));
    assertThrows(
        IllegalStateException.class,
        () ->
            run.fitUntil(new SingletonMultiDataSetIterator(Kind.MLP.batch(0).toMultiDataSet()), 1));
    assertThrows(
        NullPointerException.class, () -> EmaRun.startOrResume(directory, () -> null, 0.9));
  }
}
