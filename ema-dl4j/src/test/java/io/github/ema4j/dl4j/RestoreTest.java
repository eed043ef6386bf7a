// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.NonFiniteParametersException;
import io.github.ema4j.core.NonFinitePolicy;
import io.github.ema4j.core.ParameterAverage;
import io.github.ema4j.core.schedule.DecaySchedule;
import io.github.ema4j.dl4j.diagnostics.EmaReport;
import io.github.ema4j.dl4j.internal.Networks;
import io.github.ema4j.testing.Bits;
import io.github.ema4j.testing.LogCapture;
import io.github.ema4j.testing.dl4j.Batches;
import io.github.ema4j.testing.dl4j.Data;
import io.github.ema4j.testing.dl4j.Models;
import io.github.ema4j.testing.dl4j.Nets;
import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.api.NeuralNetwork;
import org.deeplearning4j.nn.api.OptimizationAlgorithm;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.AMSGrad;
import org.nd4j.linalg.learning.config.AdaDelta;
import org.nd4j.linalg.learning.config.AdaGrad;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.learning.config.RmsProp;
import org.nd4j.linalg.learning.config.Sgd;

/** A network whose weights are not finite any more goes on with its average. */
class RestoreTest {

  private static final DataSet POINTS = Data.points(1, 24);

  private static DataSet poison() {
    DataSet poison = Data.points(2, 8);
    poison.getLabels().putScalar(3, 1, Double.NaN);
    return poison;
  }

  private static AveragingConfig.Builder restoring() {
    return AveragingConfig.builder()
        .schedule(DecaySchedule.debiased(0.9))
        .onNonFinite(NonFinitePolicy.RESTORE);
  }

  static List<Model> networks() {
    return List.of(
        Nets.mlp(),
        Nets.graph(),
        Nets.mlp(b -> b.updater(new Nesterovs(0.05))),
        Nets.constrainedMlp(),
        Nets.constrainedGraph());
  }

  private static boolean isFinite(INDArray array) {
    return Double.isFinite(array.norm1Number().doubleValue());
  }

  /** The graphs have batch norm, whose variances are averaged in their own way. */
  @ParameterizedTest
  @MethodSource("networks")
  void trainingGoesOnFromTheLastGoodAverage(Model network) {
    try (LogCapture log = new LogCapture(ParameterAverage.class);
        LogCapture others = new LogCapture(ModelEmaListener.class)) {
      ModelEmaListener ema = new ModelEmaListener(restoring().build());
      network.setListeners(ema, new BaseTrainingListener() {});
      NeuralNetwork trained = (NeuralNetwork) network;
      trained.fit(Batches.of(POINTS, 8));
      Bits average = Bits.of(ema.shadow());

      trained.fit(poison());

      assertEquals(average, Bits.of(ema.shadow()));
      assertEquals(average, Bits.of(ema.averagedNetwork(network).params()));
      if (!Networks.hasConstraints(network)) { // Deeplearning4j constrains weights after each step
        assertEquals(average, Bits.of(network.params()));
      }
      assertTrue(isFinite(network.params()));
      assertEquals(0, Models.updaterState(network).norm1Number().doubleValue());
      assertEquals(4, Models.iterations(network));
      assertEquals(1, ema.restores());
      assertEquals(1, ema.skippedUpdates());
      assertEquals(3, ema.updateCount());
      assertEquals(
          List.of(
              "The parameters after step 4 were not finite: they are the average of 3 updates now"
                  + " (1 restores)"),
          log.messages(Level.WARN));

      trained.fit(POINTS);

      assertTrue(isFinite(network.params()));
      assertNotEquals(average, Bits.of(network.params()));
      assertEquals(4, ema.updateCount());
      assertEquals(1, ema.restores());
      assertEquals(1, log.messages(Level.WARN).size());
      assertEquals(List.of(), others.messages(Level.WARN)); // as of weights that others changed
    }
  }

  enum Updaters {
    SGD(new Sgd(0.1)),
    NESTEROVS(new Nesterovs(0.1)),
    ADAM(new Adam(0.02)),
    AMS_GRAD(new AMSGrad(0.02)),
    ADA_GRAD(new AdaGrad(0.1)),
    ADA_DELTA(new AdaDelta()),
    RMS_PROP(new RmsProp(0.02));

    private final IUpdater updater;

    Updaters(IUpdater updater) {
      this.updater = updater;
    }

    MultiLayerNetwork network() {
      return Nets.mlp(b -> b.updater(updater));
    }
  }

  /** That of AdaGrad and RMSprop begins with their epsilon, not with 0. */
  @ParameterizedTest
  @EnumSource
  void updaterStateIsThatOfANewNetwork(Updaters kind) {
    MultiLayerNetwork network = kind.network();
    network.setListeners(new ModelEmaListener(restoring().build()));
    network.fit(Batches.of(POINTS, 8));

    network.fit(poison());

    INDArray fresh = kind.network().getUpdater().getStateViewArray();
    INDArray state = network.getUpdater().getStateViewArray();
    if (kind == Updaters.SGD) {
      assertEquals(fresh, state); // neither has any
    } else {
      assertEquals(Bits.of(fresh), Bits.of(state));
    }
    network.fit(Batches.of(POINTS, 8));
    assertTrue(isFinite(network.params()));
    assertTrue(state == null || isFinite(state));
  }

  /** The activations of a poisoned segment are the state that the next one begins with. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void recurrentStateIsClearedToo(boolean graph) {
    Model network =
        graph ? Nets.lstmGraph(BackpropType.TruncatedBPTT) : Nets.lstm(BackpropType.TruncatedBPTT);
    ModelEmaListener ema = new ModelEmaListener(restoring().build());
    network.setListeners(ema);
    NeuralNetwork trained = (NeuralNetwork) network;
    trained.fit(Data.sequences(2, 8, false));
    DataSet poison = Data.sequences(3, 8, false);
    poison.getFeatures().putScalar(2, 1, 1, Double.NaN); // in the first of three segments

    trained.fit(poison);

    assertEquals(1, ema.restores());
    assertTrue(isFinite(network.params()));
    assertEquals(5, ema.updateCount());
  }

  @Test
  void givesUpAfterThreeTimesInARow() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(restoring().build());
    network.setListeners(ema);
    network.fit(Batches.of(POINTS, 8));
    DataSet poison = poison();
    for (int i = 0; i < 3; i++) {
      network.fit(poison);
    }
    network.fit(POINTS); // one that is good, and they count from 0 again
    for (int i = 0; i < 3; i++) {
      network.fit(poison);
    }
    Bits average = Bits.of(ema.shadow());

    NonFiniteParametersException e =
        assertThrows(NonFiniteParametersException.class, () -> network.fit(poison));

    assertTrue(e.getMessage().contains("3 times in a row"), e.getMessage());
    assertEquals(average, Bits.of(ema.shadow()));
    assertEquals(6, ema.restores());
    assertEquals(7, ema.skippedUpdates());
    assertEquals(4, ema.updateCount());
  }

  @Test
  void anAverageOfInitialWeightsIsNothingToGoOnWith() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema =
        new ModelEmaListener(
            AveragingConfig.builder().decay(0.9).onNonFinite(NonFinitePolicy.RESTORE).build());
    network.setListeners(ema);
    network.fit(Batches.of(POINTS, 8));
    DataSet poison = poison();

    NonFiniteParametersException e =
        assertThrows(NonFiniteParametersException.class, () -> network.fit(poison));

    assertTrue(e.getMessage().contains("73 % initial"), e.getMessage());
    assertEquals(0, ema.restores());
  }

  @Test
  void inTheFirstStepThereIsNothingToGoOnWith() {
    for (AveragingConfig config : List.of(restoring().build(), restoring().startAfter(3).build())) {
      MultiLayerNetwork network = Nets.mlp();
      network.setListeners(new ModelEmaListener(config));
      DataSet poison = poison();
      assertThrows(NonFiniteParametersException.class, () -> network.fit(poison));
    }
  }

  @Test
  void beforeAveragingBeginsTheWeightsAreThoseOfTheStepBefore() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(restoring().startAfter(10).build());
    network.setListeners(ema);
    network.fit(Batches.of(POINTS, 8));
    Bits before = Bits.of(network.params());

    network.fit(poison());

    assertEquals(before, Bits.of(network.params()));
    assertEquals(1, ema.restores());
  }

  @Test
  void afterAStartTheInitialShareIsOfGoodWeights() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema =
        new ModelEmaListener(
            AveragingConfig.builder()
                .decay(0.9)
                .startAfter(2)
                .onNonFinite(NonFinitePolicy.RESTORE)
                .build());
    network.setListeners(ema);
    network.fit(Batches.of(POINTS, 8));
    network.fit(poison());
    assertEquals(1, ema.restores());
    assertEquals(0.9, ema.initialShare());
  }

  @Test
  void atAnIntervalItComesWithTheNextUpdate() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(restoring().updateEvery(2).build());
    network.setListeners(ema);
    network.fit(Batches.of(POINTS, 12)); // two steps, one update
    network.fit(poison());
    assertFalse(isFinite(network.params()));
    assertEquals(0, ema.restores());

    network.fit(POINTS);

    assertEquals(1, ema.restores());
    assertEquals(Bits.of(ema.shadow()), Bits.of(network.params()));
  }

  @Test
  void followersSeeTheNetworkAsItGoesOn() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(restoring().build());
    List<String> seen = new ArrayList<>();
    network.setListeners(
        new BaseTrainingListener() {
          @Override
          public void iterationDone(Model model, int iteration, int epoch) {
            seen.add("before " + isFinite(model.params()));
          }
        },
        ema.andThen(
            new BaseTrainingListener() {
              @Override
              public void iterationDone(Model model, int iteration, int epoch) {
                seen.add("after " + isFinite(model.params()) + " " + ema.restores());
              }
            }));
    network.fit(POINTS);
    network.fit(poison());
    assertEquals(List.of("before true", "after true 0", "before false", "after true 1"), seen);
  }

  /** The second is the first of those that restore. */
  @Test
  void inAGroupItIsTheFirstMemberWithThePolicy() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaGroup group =
        ModelEmaGroup.of(
            AveragingConfig.of(0.9),
            restoring().build(),
            restoring().schedule(DecaySchedule.uniform()).build());
    network.setListeners(group);
    network.fit(Batches.of(POINTS, 8));
    Bits expected = Bits.of(group.get(1).shadow());

    network.fit(poison());

    assertEquals(expected, Bits.of(network.params()));
    assertEquals(expected, Bits.of(group.get(1).shadow()));
    assertEquals(
        List.of(0L, 1L, 0L), group.members().stream().map(ModelEmaListener::restores).toList());
    for (ModelEmaListener member : group.members()) {
      assertEquals(1, member.skippedUpdates());
    }
    network.fit(POINTS);
    assertEquals(
        List.of(4L, 4L, 4L), group.members().stream().map(ModelEmaListener::updateCount).toList());
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void shadowOnTheHostRestoresTheSameBits(boolean background) {
    Bits expected = null;
    for (boolean onHost : new boolean[] {false, true}) {
      Model network = Nets.graph();
      ModelEmaListener ema =
          new ModelEmaListener(
              restoring().shadowOnHost(onHost).inBackground(onHost && background).build());
      network.setListeners(ema);
      ((NeuralNetwork) network).fit(Batches.of(POINTS, 8));
      ((NeuralNetwork) network).fit(poison());
      assertEquals(1, ema.restores());
      expected = expected == null ? Bits.of(network.params()) : expected;
      assertEquals(expected, Bits.of(network.params()));
    }
  }

  @Test
  void inALoopOfOnesOwnToo() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(restoring().build()).start(network);
    network.fit(POINTS);
    ema.update(network);
    network.params().putScalar(3, Double.NaN);
    network.getUpdater().getStateViewArray().putScalar(3, Double.NaN);

    assertFalse(ema.update(network));

    assertEquals(Bits.of(ema.shadow()), Bits.of(network.params()));
    assertEquals(0, Models.updaterState(network).norm1Number().doubleValue());
  }

  @Test
  void reportTells() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(restoring().build());
    network.setListeners(ema);
    network.fit(POINTS);
    network.fit(poison());
    EmaReport report = EmaReport.of(ema, network);
    assertEquals(1, report.restores());
    assertTrue(report.toString().contains("1 (1 skipped, 1 restored)"), report.toString());
  }

  @Test
  void whatCannotBeRestoredIsRefusedAtTheStart() {
    AveragingConfig config = restoring().build();
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener part =
        new ModelEmaListener(config, ParameterSelection.averageAll().excludeLayers("layer0"));
    Exception e = assertThrows(IllegalArgumentException.class, () -> part.start(network));
    assertTrue(e.getMessage().contains("leaves 40 of 67 out"), e.getMessage());
    assertFalse(part.isStarted());

    for (OptimizationAlgorithm algorithm :
        List.of(OptimizationAlgorithm.LBFGS, OptimizationAlgorithm.CONJUGATE_GRADIENT)) {
      ModelEmaListener ema = new ModelEmaListener(config);
      MultiLayerNetwork searching = Nets.mlpBy(algorithm);
      e = assertThrows(IllegalArgumentException.class, () -> ema.start(searching));
      assertTrue(e.getMessage().contains("trained by " + algorithm), e.getMessage());
      assertFalse(ema.isStarted());
    }
  }

  // ---------------------------------------------------------------- what it is for

  /** Of the raw weights, on other points; NaN if they are not finite. */
  private static double accuracy(long seed, NonFinitePolicy policy, int disturbedIn) {
    MultiLayerNetwork network = Nets.mlp(b -> b.seed(seed).updater(new Adam(0.005)));
    network.setListeners(
        new ModelEmaListener(
            AveragingConfig.builder()
                .schedule(DecaySchedule.powerFunction(0.05))
                .onNonFinite(policy)
                .build()),
        new BaseTrainingListener() {
          @Override
          public void onGradientCalculation(Model model) {
            if (Models.iterations(model) == disturbedIn) {
              network.getFlattenedGradients().putScalar(0, Double.NaN);
            }
          }
        });
    network.fit(Batches.of(Data.points(10 + seed, 400), 8), 6);
    return isFinite(network.params())
        ? network.evaluate(Batches.of(Data.points(20 + seed, 4000), 1000)).accuracy()
        : Double.NaN;
  }

  /**
   * One gradient is not finite after half of the run. Seen over 8 seeds: accuracies around 0.926,
   * and a difference of 0.0001 ± 0.0016 (standard deviation) from the run without, so that the
   * limit is eleven standard errors of three seeds away.
   */
  @Test
  @Tag("numbers")
  void aRunThatWasLostEndsAsOneThatWasNotDisturbed() {
    assertTrue(Double.isNaN(accuracy(1, NonFinitePolicy.SKIP, 150)));
    int seeds = 3;
    double difference = 0;
    for (long seed = 1; seed <= seeds; seed++) {
      double undisturbed = accuracy(seed, NonFinitePolicy.RESTORE, -1);
      double restored = accuracy(seed, NonFinitePolicy.RESTORE, 150);
      difference += (restored - undisturbed) / seeds;
    }
    assertTrue(Math.abs(difference) < 0.01, "difference " + difference);
  }
}
