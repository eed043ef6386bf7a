// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.parallel;

import static io.github.ema4j.dl4j.parallel.Scene.BATCH;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.NonFinitePolicy;
import io.github.ema4j.core.Swap;
import io.github.ema4j.dl4j.ModelEmaGroup;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.evaluation.EmaEvaluator;
import io.github.ema4j.testing.EmaOracle;
import io.github.ema4j.testing.dl4j.Data;
import java.util.function.Consumer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.solvers.accumulation.BasicGradientsAccumulator;
import org.deeplearning4j.optimize.solvers.accumulation.LocalHandler;
import org.deeplearning4j.parallelism.ParallelWrapper;
import org.deeplearning4j.parallelism.factory.DefaultTrainerContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.nd4j.linalg.dataset.DataSet;

/** What cannot be averaged rightly is refused before any worker trains. */
@Timeout(60)
class ParallelEmaTest {

  private static final DataSet POINTS = Data.points(1, 4 * BATCH);

  private final MultiLayerNetwork network = Scene.network();
  private final ModelEmaListener ema = new ModelEmaListener(0.9);

  private static void assertRefused(String message, ParallelWrapper wrapper, ModelEmaListener ema) {
    Exception e = assertThrows(IllegalStateException.class, () -> ParallelEma.attach(wrapper, ema));
    assertTrue(e.getMessage().contains(message), e.getMessage());
    wrapper.shutdown();
  }

  private ParallelWrapper built(Consumer<ParallelWrapper.Builder<?>> setting) {
    ParallelWrapper.Builder<?> builder = new ParallelWrapper.Builder<>(network).workers(2);
    setting.accept(builder);
    return builder.build();
  }

  @Test
  void null_() {
    ParallelWrapper wrapper = Scene.averaging(network, 2, 1);
    assertThrows(NullPointerException.class, () -> ParallelEma.attach(wrapper, null));
    assertThrows(NullPointerException.class, () -> ParallelEma.attach((ParallelWrapper) null, ema));
    wrapper.shutdown();
  }

  @Test
  void anEpochThatIsNeverCounted() {
    assertRefused(
        "counts no epochs",
        Scene.averaging(network, 2, 1),
        new ModelEmaListener(AveragingConfig.builder().decay(0.9).startAfterEpochs(1).build()));
  }

  @Test
  void restoringWeightsOfWhichEachWorkerHasACopy() {
    assertRefused(
        "workers train copies",
        Scene.averaging(network, 2, 1),
        new ModelEmaListener(
            AveragingConfig.builder().decay(0.9).onNonFinite(NonFinitePolicy.RESTORE).build()));
  }

  @Test
  void secondAverage() {
    ParallelWrapper wrapper = Scene.averaging(network, 2, 1);
    ParallelEma.attach(wrapper, ema);
    assertRefused("has an average attached already", wrapper, new ModelEmaListener(0.99));
  }

  @Test
  void customMode() {
    ParallelWrapper wrapper =
        built(
            b ->
                b.trainingMode(ParallelWrapper.TrainingMode.CUSTOM)
                    .gradientsAccumulator(new BasicGradientsAccumulator(2, new LocalHandler())));
    assertRefused("BasicGradientsAccumulator", wrapper, ema);
    assertFalse(ema.isStarted());
  }

  @Test
  void trainerContextOfOnesOwn() {
    ParallelWrapper wrapper = Scene.averaging(network, 2, 1);
    wrapper.setTrainerContext(new DefaultTrainerContext() {});
    assertRefused("TrainerContext of its own", wrapper, ema);
  }

  @Test
  void weightsFromElsewhere() {
    assertRefused("modelParamsSupplier", built(b -> b.modelParamsSupplier(() -> null)), ema);
    assertRefused("modelParamsSupplier", built(b -> b.updaterParamsSupplier(() -> null)), ema);
  }

  @Test
  void averagingNever() {
    assertRefused("at least 1, but was 0", built(b -> b.averagingFrequency(0)), ema);
  }

  @Test
  void averageOfAnotherNetwork() {
    ema.start(Scene.network());
    assertRefused("averages another network", Scene.averaging(network, 2, 1), ema);
  }

  @Test
  void memberOfAGroup() {
    ModelEmaGroup group = ModelEmaGroup.of(ema);
    assertEquals(1, group.members().size());
    assertRefused("member of a ModelEmaGroup", Scene.averaging(network, 2, 1), ema);
  }

  @Test
  void intervalOfItsOwn() throws Exception {
    ModelEmaListener everyFifth =
        new ModelEmaListener(AveragingConfig.builder().decay(0.9).updateEvery(5).build());
    assertRefused("updateEvery is 5", Scene.averaging(network, 2, 3), everyFifth);

    // Where every iteration is seen it is as good as with one worker.
    ModelEmaListener everySecond =
        new ModelEmaListener(AveragingConfig.builder().decay(0.9).updateEvery(2).build());
    try (ParallelWrapper wrapper = Scene.averaging(network, 2, 1)) {
      ParallelEma.attach(wrapper, everySecond);
      wrapper.fit(Scene.batches(POINTS));
    }
    assertEquals(1, everySecond.updateCount());
    assertEquals(2, everySecond.average().stepCount());
    assertEquals(0.81, everySecond.decay(), 1e-12);
  }

  @Test
  void truncatedBackpropagationThroughTime() {
    MultiLayerNetwork recurrent = Scene.truncatedInTime();
    assertRefused("use AVERAGING", Scene.sharing(recurrent, 2), ema);
    ModelEmaListener everySecond =
        new ModelEmaListener(AveragingConfig.builder().decay(0.9).updateEvery(2).build());
    assertRefused("leave updateEvery at 1", Scene.averaging(recurrent, 2, 1), everySecond);
    assertFalse(everySecond.isStarted());
  }

  @Test
  void registeredListeners() {
    network.setListeners(ema);
    assertRefused("A ModelEmaListener is registered", Scene.averaging(network, 2, 1), ema);
    network.setListeners(new EmaEvaluator(ema, Scene.batches(POINTS)).everyEpochs(1));
    assertRefused("ParallelEma.attach(wrapper, ema)", Scene.averaging(network, 2, 1), ema);
  }

  @Test
  void whatIsWrongWhenTheFitBegins() {
    float[] before = EmaOracle.floats(network.params());
    ParallelWrapper wrapper = Scene.averaging(network, 2, 1);
    ParallelEma.attach(wrapper, ema);

    try (Swap swap = ema.swap(network)) {
      assertFitRefused("close the Swap first", wrapper);
      assertTrue(ema.isSwapped(), swap.toString());
    }
    wrapper.setListeners(ema);
    assertFitRefused("A ModelEmaListener is registered", wrapper);
    wrapper.setListeners(null, (java.util.Collection<ModelEmaListener>) null);
    wrapper.setModel(Scene.network());
    assertFitRefused("another network", wrapper);
    wrapper.setModel(network);

    assertArrayEquals(before, EmaOracle.floats(network.params()));
    wrapper.fit(Scene.batches(POINTS));
    assertEquals(2, ema.updateCount());
  }

  private static void assertFitRefused(String message, ParallelWrapper wrapper) {
    Exception e =
        assertThrows(IllegalStateException.class, () -> wrapper.fit(Scene.batches(POINTS)));
    assertTrue(e.getMessage().contains(message), e.getMessage());
  }
}
