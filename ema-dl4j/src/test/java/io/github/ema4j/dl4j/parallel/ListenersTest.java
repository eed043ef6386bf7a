// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.parallel;

import static io.github.ema4j.dl4j.parallel.Scene.BATCH;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.github.ema4j.dl4j.ModelEmaGroup;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.checkpoint.EmaCheckpoint;
import io.github.ema4j.dl4j.checkpoint.EmaCheckpointListener;
import io.github.ema4j.dl4j.checkpoint.RestoredCheckpoint;
import io.github.ema4j.dl4j.earlystopping.EmaEarlyStopping;
import io.github.ema4j.dl4j.evaluation.Comparison;
import io.github.ema4j.dl4j.evaluation.EmaEvaluator;
import io.github.ema4j.dl4j.evaluation.EmaHistory;
import io.github.ema4j.testing.EmaOracle;
import io.github.ema4j.testing.dl4j.Data;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.earlystopping.EarlyStoppingConfiguration;
import org.deeplearning4j.earlystopping.EarlyStoppingResult;
import org.deeplearning4j.earlystopping.saver.InMemoryModelSaver;
import org.deeplearning4j.earlystopping.scorecalc.DataSetLossCalculator;
import org.deeplearning4j.earlystopping.termination.MaxEpochsTerminationCondition;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.deeplearning4j.optimize.listeners.Checkpoint;
import org.deeplearning4j.parallelism.EarlyStoppingParallelTrainer;
import org.deeplearning4j.parallelism.ParallelWrapper;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.linalg.dataset.DataSet;

/** Evaluations, checkpoints and early stopping of a network with several workers. */
@Timeout(120)
class ListenersTest {

  /** Six rounds of two workers. */
  private static final DataSet POINTS = Data.points(1, 12 * BATCH);

  private final MultiLayerNetwork network = Scene.network();
  private final ModelEmaListener ema = new ModelEmaListener(0.9);

  /** Writes down what it is told, of whom, on which thread. */
  private final class Log extends BaseTrainingListener {
    private final List<String> events = new ArrayList<>();

    private void add(Model model, String event) {
      assertSame(network, model);
      events.add(event + (Thread.currentThread() == fitting ? "" : " elsewhere"));
    }

    private final Thread fitting = Thread.currentThread();

    @Override
    public void iterationDone(Model model, int iteration, int epoch) {
      assertEquals(iteration + 1, network.getIterationCount());
      add(model, "done " + iteration + " of epoch " + epoch);
    }

    @Override
    public void onEpochStart(Model model) {
      add(model, "start");
    }

    @Override
    public void onEpochEnd(Model model) {
      add(model, "end");
    }
  }

  @Test
  void areCalledWithTheNetworkWhereTheWorkersAgree() throws Exception {
    Log log = new Log();
    Log averaged = new Log();
    List<float[]> raw = new ArrayList<>();
    try (ParallelWrapper wrapper = Scene.averaging(network, 2, 4)) {
      ParallelEma.attach(
          wrapper,
          ema.andThen(
              log,
              ema.during(averaged),
              ema.during(
                  new BaseTrainingListener() {
                    @Override
                    public void iterationDone(Model model, int iteration, int epoch) {
                      raw.add(EmaOracle.floats(model.params()));
                    }
                  })));
      wrapper.fit(Scene.batches(POINTS));
      wrapper.fit(Scene.batches(POINTS));
    }
    List<String> expected =
        List.of(
            "start",
            "done 3 of epoch 0",
            "done 5 of epoch 0",
            "end",
            "start",
            "done 7 of epoch 0",
            "done 11 of epoch 0",
            "end");
    assertEquals(expected, log.events);
    assertEquals(expected, averaged.events);
    assertArrayEquals(EmaOracle.floats(ema.shadow()), raw.get(3));
  }

  @Test
  void evaluation() throws Exception {
    EmaEvaluator evaluator = new EmaEvaluator(ema, Scene.batches(Data.points(2, 5 * BATCH)));
    EmaHistory byIteration = evaluator.everyIterations(1);
    EmaHistory byEpoch = evaluator.everyEpochs(2);
    MultiLayerNetwork unseen = Scene.network();
    try (ParallelWrapper wrapper = Scene.averaging(unseen, 2, 3)) {
      ParallelEma.attach(wrapper, new ModelEmaListener(0.9));
      wrapper.fit(Scene.batches(POINTS));
      wrapper.fit(Scene.batches(POINTS));
    }
    try (ParallelWrapper wrapper = Scene.averaging(network, 2, 3)) {
      ParallelEma.attach(wrapper, ema);
      wrapper.fit(Scene.batches(POINTS));
      wrapper.fit(Scene.batches(POINTS));
    }
    assertEquals(
        List.of(3, 6, 9, 12), byIteration.history().stream().map(Comparison::iteration).toList());
    assertEquals(1, byEpoch.history().size());
    Comparison last = byIteration.last();
    assertEquals(
        evaluator.averaged(network).get(Evaluation.class).accuracy(),
        last.averaged(Evaluation.class).accuracy());
    assertEquals(
        evaluator.raw(network).get(Evaluation.class).accuracy(),
        last.raw().get(Evaluation.class).accuracy());
    // Nothing of it is felt in the training.
    assertArrayEquals(EmaOracle.floats(unseen.params()), EmaOracle.floats(network.params()));
  }

  @Test
  void checkpointsAndResume(@TempDir Path directory) throws Exception {
    EmaCheckpointListener checkpoints =
        EmaCheckpointListener.builder(directory, ema)
            .saveEveryNIterations(4)
            .saveEveryEpoch()
            .build();
    float[] afterFirst;
    try (ParallelWrapper wrapper = Scene.averaging(network, 2, 3)) {
      ParallelEma.attach(wrapper, ema);
      wrapper.fit(Scene.batches(POINTS));
      afterFirst = EmaOracle.floats(ema.shadow());
      wrapper.fit(Scene.batches(POINTS));
    }
    List<Checkpoint> saved = EmaCheckpointListener.availableCheckpoints(directory);
    // Iterations 4, 8 and 12 are seen at 6, 9 and 12; each fit ends with a checkpoint, too.
    assertEquals(List.of(6, 6, 9, 12, 12), saved.stream().map(Checkpoint::getIteration).toList());

    RestoredCheckpoint<MultiLayerNetwork> run =
        EmaCheckpoint.restoreMultiLayerNetwork(directory.resolve(saved.get(1).getFilename()));
    MultiLayerNetwork resumed = run.network();
    assertEquals(6, resumed.getIterationCount());
    assertEquals(0, resumed.getEpochCount());
    assertArrayEquals(afterFirst, EmaOracle.floats(run.ema().shadow()));
    try (ParallelWrapper wrapper = Scene.averaging(resumed, 2, 3)) {
      ParallelEma.attach(wrapper, run.ema());
      wrapper.fit(Scene.batches(POINTS));
    }
    assertArrayEquals(EmaOracle.floats(network.params()), EmaOracle.floats(resumed.params()));
    assertArrayEquals(EmaOracle.floats(ema.shadow()), EmaOracle.floats(run.ema().shadow()));
    assertEquals(ema.average().counters(), run.ema().average().counters());
  }

  @Test
  void groupHasTheBitsOfItsMembersAndOneHistory() throws Exception {
    try (ParallelWrapper wrapper = Scene.averaging(network, 2, 4)) {
      ParallelEma.attach(wrapper, ema);
      wrapper.fit(Scene.batches(POINTS));
    }
    MultiLayerNetwork grouped = Scene.network();
    ModelEmaGroup group = ModelEmaGroup.of(0.5, 0.9);
    EmaHistory history =
        new EmaEvaluator(group, Scene.batches(Data.points(2, 2 * BATCH))).everyIterations(1);
    try (ParallelWrapper wrapper = Scene.averaging(grouped, 2, 4)) {
      ParallelEma.attach(wrapper, group);
      wrapper.fit(Scene.batches(POINTS));
    }
    assertArrayEquals(EmaOracle.floats(ema.shadow()), EmaOracle.floats(group.get(1).shadow()));
    assertEquals(ema.average().counters(), group.get(1).average().counters());
    assertEquals(List.of(4, 6), history.history().stream().map(Comparison::iteration).toList());
    assertEquals(2, history.last().averages().size());
  }

  @Test
  void resumeOfAGraphBetweenFits(@TempDir Path directory) throws Exception {
    Path file = directory.resolve("run.zip");
    ComputationGraph graph = Scene.graph();
    // Four rounds are one update and two left over: a schedule that counts steps would stray here.
    ModelEmaListener warmUp =
        new ModelEmaListener(io.github.ema4j.core.schedule.DecaySchedule.inversePower(0.99));
    try (ParallelWrapper wrapper = Scene.averaging(graph, 2, 4)) {
      ParallelEma.attach(wrapper, warmUp);
      wrapper.fit(Scene.batches(POINTS));
      EmaCheckpoint.save(file, graph, warmUp);
      // A new wrapper begins to count its rounds anew.
    }
    RestoredCheckpoint<ComputationGraph> run = EmaCheckpoint.restoreComputationGraph(file);
    fitAnew(graph, warmUp);
    fitAnew(run.network(), run.ema());
    assertArrayEquals(EmaOracle.floats(graph.params()), EmaOracle.floats(run.network().params()));
    assertArrayEquals(EmaOracle.floats(warmUp.shadow()), EmaOracle.floats(run.ema().shadow()));
    assertEquals(warmUp.average().counters(), run.ema().average().counters());
    assertEquals(12, run.ema().average().counters().averagedSteps());
  }

  private static void fitAnew(ComputationGraph graph, ModelEmaListener ema) throws Exception {
    try (ParallelWrapper wrapper = Scene.averaging(graph, 2, 4)) {
      ParallelEma.attach(wrapper, ema);
      wrapper.fit(Scene.batches(POINTS));
    }
  }

  @Test
  void earlyStopping() {
    DataSet validation = Data.points(2, 5 * BATCH);
    EarlyStoppingConfiguration<MultiLayerNetwork> configuration =
        EmaEarlyStopping.wrap(
            new EarlyStoppingConfiguration.Builder<MultiLayerNetwork>()
                .scoreCalculator(new DataSetLossCalculator(Scene.batches(validation), true))
                .modelSaver(new InMemoryModelSaver<>())
                .epochTerminationConditions(new MaxEpochsTerminationCondition(3))
                .build(),
            ema);
    EarlyStoppingParallelTrainer<MultiLayerNetwork> trainer =
        new EarlyStoppingParallelTrainer<>(
            configuration, network, Scene.batches(POINTS), null, 2, 2, 1);
    ParallelEma.attach(trainer, ema);

    EarlyStoppingResult<MultiLayerNetwork> result = trainer.fit();

    assertEquals(
        EarlyStoppingResult.TerminationReason.EpochTerminationCondition,
        result.getTerminationReason());
    assertEquals(6 * result.getTotalEpochs(), ema.average().stepCount());
    // The loss falls all the time, so the best is the last.
    assertArrayEquals(
        EmaOracle.floats(ema.shadow()), EmaOracle.floats(result.getBestModel().params()));
    assertNotEquals(network.params(), result.getBestModel().params());
    Exception e =
        org.junit.jupiter.api.Assertions.assertThrows(
            IllegalStateException.class,
            () -> ParallelEma.attach(trainer, new ModelEmaListener(0.9)));
    assertEquals(true, e.getMessage().contains("has ended"));
  }
}
