// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.schedule.DecaySchedule;
import io.github.ema4j.dl4j.checkpoint.EmaCheckpoint;
import io.github.ema4j.dl4j.checkpoint.EmaCheckpointListener;
import io.github.ema4j.dl4j.checkpoint.RestoredCheckpoint;
import io.github.ema4j.dl4j.diagnostics.EmaReport;
import io.github.ema4j.dl4j.evaluation.Comparison;
import io.github.ema4j.dl4j.evaluation.EmaEvaluator;
import io.github.ema4j.dl4j.export.EmaExport;
import io.github.ema4j.dl4j.parallel.ParallelEma;
import io.github.ema4j.testing.Bits;
import io.github.ema4j.testing.dl4j.Batches;
import io.github.ema4j.testing.dl4j.Data;
import io.github.ema4j.testing.dl4j.Nets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.deeplearning4j.parallelism.ParallelWrapper;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Calls that one would expect to be there: with several averages what there is with one, and a
 * schedule or a configuration wherever a decay can stand. Those of Spark are in its module.
 */
class CallsThatUsersTryTest {

  @TempDir Path directory;

  private final MultiLayerNetwork net = Nets.mlp();
  private final ModelEmaGroup group = ModelEmaGroup.of(0.5, 0.9);

  private static Batches batches() {
    return Batches.of(Data.points(1, 24), 8);
  }

  private void train() {
    net.addListeners(group);
    net.fit(batches());
  }

  private static void assertSameWeights(INDArray expected, INDArray actual) {
    assertEquals(Bits.of(expected), Bits.of(actual));
  }

  // ---------------------------------------------------------------- several averages

  @Test
  void evaluatorOfGroup() {
    EmaEvaluator evaluator = new EmaEvaluator(group, batches());
    train();
    Comparison comparison = evaluator.compare(net);
    assertEquals(2, comparison.averages().size());
    assertEquals(DecaySchedule.constant(0.9).spec(), comparison.averages().get(1).schedule());
  }

  @Test
  void checkpointListenerOfGroup() throws Exception {
    EmaCheckpointListener.builder(directory, group).saveEveryEpoch().build();
    train();
    Path file = EmaCheckpointListener.lastFile(directory).orElseThrow();
    RestoredCheckpoint<MultiLayerNetwork> run = EmaCheckpoint.restoreMultiLayerNetwork(file);
    ModelEmaGroup resumed = run.group();
    assertEquals(2, resumed.members().size());
    assertSameWeights(group.get(1).shadow(), resumed.get(1).shadow());
  }

  @Test
  void parallelWrapperWithGroup() {
    ParallelWrapper wrapper =
        new ParallelWrapper.Builder<>(net).workers(2).averagingFrequency(2).build();
    ParallelEma.attach(wrapper, group);
    wrapper.fit(Batches.of(Data.points(1, 24), 6)); // two for each worker: one round
    wrapper.shutdown();
    for (ModelEmaListener member : group.members()) {
      assertEquals(2, member.average().stepCount());
      assertEquals(1, member.average().updateCount());
    }
    assertNotEquals(Bits.of(group.get(0).shadow()), Bits.of(group.get(1).shadow()));
  }

  /** A report is of one average, so a group gives one for each. */
  @Test
  void reportOfGroup() {
    train();
    List<EmaReport> reports = EmaReport.ofEach(group, net);
    assertEquals(
        List.of(EmaReport.of(group.get(0), net), EmaReport.of(group.get(1), net)), reports);
    assertNotEquals(reports.get(0), reports.get(1));
    assertSaysToChoose(() -> EmaReport.of(group, net));
  }

  @Test
  void restartOfGroup() {
    train();
    group.restart(net);
    for (ModelEmaListener member : group.members()) {
      assertEquals(0, member.average().updateCount());
      assertSameWeights(net.params(), member.shadow());
    }
  }

  @Test
  void updateOfGroupAfterSeveralSteps() {
    group.start(net);
    net.params().addi(1);
    assertTrue(group.update(net, 3));
    for (ModelEmaListener member : group.members()) {
      assertEquals(3, member.average().stepCount());
      assertEquals(1, member.average().updateCount());
    }
    assertEquals(Math.pow(0.9, 3), group.get(1).average().initialShare(), 1e-12);
  }

  /** A file holds one averaged network, so one of the group is named. */
  @Test
  void exportOfGroup() throws Exception {
    train();
    Path file = directory.resolve("model.zip");
    EmaExport.save(file, net, group.get(1));
    assertSameWeights(group.get(1).shadow(), MultiLayerNetwork.load(file.toFile(), false).params());
    assertSaysToChoose(() -> EmaExport.save(file, net, group));
    EmaExport.save(file, net, ModelEmaGroup.of(new ModelEmaListener(0.9).start(net)));
    assertSameWeights(net.params(), MultiLayerNetwork.load(file.toFile(), false).params());
  }

  /** A listener sees one set of weights per call, so it is wrapped for each member. */
  @Test
  void listenerDuringGroup() {
    List<Bits> seen = new ArrayList<>();
    BaseTrainingListener listener =
        new BaseTrainingListener() {
          @Override
          public void iterationDone(Model network, int iteration, int epoch) {
            seen.add(Bits.of(network.params()));
          }
        };
    for (ModelEmaListener member : group.members()) {
      group.andThen(member.during(listener));
    }
    train();
    assertEquals(2 * 3, seen.size());
    assertEquals(Bits.of(group.get(0).shadow()), seen.get(4));
    assertEquals(Bits.of(group.get(1).shadow()), seen.get(5));
    assertThrows(IllegalStateException.class, () -> group.during(listener));
  }

  private static void assertSaysToChoose(Executable call) {
    IllegalStateException e = assertThrows(IllegalStateException.class, call);
    assertTrue(e.getMessage().contains("choose it by group.get(index)"), e.getMessage());
  }

  @Test
  void groupOfCheckpoint() throws Exception {
    train();
    Path file = directory.resolve("run.zip");
    EmaCheckpoint.save(file, net, group);
    RestoredCheckpoint<MultiLayerNetwork> run = EmaCheckpoint.restoreMultiLayerNetwork(file);
    ModelEmaGroup resumed = run.group();
    run.network().addListeners(resumed);
    net.fit(batches());
    run.network().fit(batches());
    assertSameWeights(group.get(0).shadow(), resumed.get(0).shadow());
  }

  // ---------------------------------------------------------------- any network, any schedule

  @Test
  void averagedNetworkOfAnyModel() {
    train();
    Model model = net;
    Model averaged = group.get(0).averagedNetwork(model);
    assertSame(MultiLayerNetwork.class, averaged.getClass());
    assertSameWeights(group.get(0).shadow(), averaged.params());
  }

  @Test
  void listenerOfScheduleOrConfiguration() {
    DecaySchedule schedule = DecaySchedule.inversePower(0.9999);
    AveragingConfig config = AveragingConfig.of(schedule);
    assertEquals(schedule.spec(), config.schedule().spec());
    assertEquals(config, AveragingConfig.builder().schedule(schedule).build());
    for (ModelEmaListener ema :
        List.of(new ModelEmaListener(schedule), new ModelEmaListener(config))) {
      assertEquals(config, ema.start(net).average().config());
    }
  }

  @Test
  void groupOfSchedules() {
    ModelEmaGroup schedules =
        ModelEmaGroup.of(DecaySchedule.constant(0.9), DecaySchedule.inversePower(0.99));
    schedules.start(net);
    assertEquals(
        List.of(DecaySchedule.constant(0.9).spec(), DecaySchedule.inversePower(0.99).spec()),
        schedules.members().stream()
            .map(member -> member.average().config().schedule().spec())
            .toList());
  }
}
