// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.Swap;
import io.github.ema4j.dl4j.batchnorm.BatchNormStatistics;
import io.github.ema4j.dl4j.evaluation.Comparison;
import io.github.ema4j.dl4j.evaluation.EmaEvaluator;
import io.github.ema4j.dl4j.evaluation.EmaHistory;
import io.github.ema4j.dl4j.evaluation.EvaluationResult;
import io.github.ema4j.testing.Bits;
import io.github.ema4j.testing.dl4j.Batches;
import io.github.ema4j.testing.dl4j.Data;
import io.github.ema4j.testing.dl4j.MultiBatches;
import io.github.ema4j.testing.dl4j.Nets;
import java.util.List;
import java.util.function.Supplier;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.evaluation.regression.RegressionEvaluation;
import org.nd4j.linalg.dataset.DataSet;

/** Averaged weights evaluated with batch-norm statistics of their own. */
class RecalibratingEvaluatorTest {

  enum Kind {
    CNN(Nets::cnn, Data.images(1, 48), Data.images(2, 40)),
    GRAPH(Nets::graph, Data.points(1, 48), Data.points(2, 40));

    private final Supplier<? extends Model> network;
    private final DataSet training;
    private final DataSet validation;

    Kind(Supplier<? extends Model> network, DataSet training, DataSet validation) {
      this.network = network;
      this.training = training;
      this.validation = validation;
    }

    void fit(Model network, int epochs) {
      if (network instanceof MultiLayerNetwork mln) {
        mln.fit(Batches.of(training, 16), epochs);
      } else {
        ((ComputationGraph) network).fit(Batches.of(training, 16), epochs);
      }
    }

    EmaEvaluator evaluator(ModelEmaListener ema) {
      return new EmaEvaluator(ema, Batches.of(validation, 16), new RegressionEvaluation());
    }

    int recalibrate(Model network) {
      return network instanceof MultiLayerNetwork mln
          ? BatchNormStatistics.recalibrate(mln, Batches.of(training, 20))
          : BatchNormStatistics.recalibrate((ComputationGraph) network, Batches.of(training, 20));
    }
  }

  private static double error(EvaluationResult result) {
    return result.get(RegressionEvaluation.class).averageMeanSquaredError();
  }

  @ParameterizedTest
  @EnumSource
  void evaluatesACopyWithStatisticsOfItsOwn(Kind kind) {
    Model network = kind.network.get();
    ModelEmaListener ema = new ModelEmaListener(0.9);
    network.setListeners(ema);
    kind.fit(network, 4);
    TrainingState before = TrainingState.of(network);
    Bits averaged = Bits.of(ema.shadow());
    EmaEvaluator plain = kind.evaluator(ema);
    EmaEvaluator recalibrating = plain.recalibratingOn(Batches.of(kind.training, 20));

    Comparison comparison = recalibrating.compare(network);

    assertEquals(before, TrainingState.of(network));
    assertEquals(averaged, Bits.of(ema.shadow()));
    Model byHand = ema.averagedNetwork(network);
    assertEquals(1, kind.recalibrate(byHand));
    Model evaluated = recalibrating.averagedNetwork(network);
    assertEquals(Bits.of(byHand.params()), Bits.of(evaluated.params()));
    assertNotEquals(averaged, Bits.of(evaluated.params()));

    ModelEmaListener still = new ModelEmaListener(1).start(evaluated);
    assertEquals(error(kind.evaluator(still).raw(evaluated)), error(comparison.averaged()));
    assertNotEquals(error(plain.averaged(network)), error(comparison.averaged()));
    assertEquals(error(plain.raw(network)), error(comparison.raw()));
    assertEquals(
        error(comparison.averaged()),
        error(plain.recalibratingOn(MultiBatches.of(kind.training, 20)).averaged(network)));
    EmaEvaluator onView = plain.onLiveView();
    assertThrows(
        IllegalStateException.class,
        () -> onView.recalibratingOn(MultiBatches.of(kind.training, 20)));
    assertThrows(IllegalStateException.class, recalibrating::onLiveView);
  }

  @ParameterizedTest
  @EnumSource
  void leavesNoTraceInTraining(Kind kind) {
    Model plain = kind.network.get();
    kind.fit(plain, 3);

    for (boolean everyIteration : new boolean[] {true, false}) {
      Model network = kind.network.get();
      ModelEmaListener ema = new ModelEmaListener(0.9);
      EmaEvaluator evaluator = kind.evaluator(ema).recalibratingOn(Batches.of(kind.training, 20));
      EmaHistory history = everyIteration ? evaluator.everyIterations(1) : evaluator.everyEpochs(1);
      network.setListeners(new TrainingListener[] {ema, history});
      kind.fit(network, 3);
      assertEquals(TrainingState.of(plain), TrainingState.of(network));
      assertEquals(everyIteration ? 9 : 3, history.history().size());
    }
  }

  @Test
  void networkOfAnEvaluatorThatDoesNotRecalibrateIsTheAveragedOne() {
    MultiLayerNetwork network = Nets.cnn();
    ModelEmaListener ema = new ModelEmaListener(0.9);
    network.setListeners(ema);
    Kind.CNN.fit(network, 1);
    MultiLayerNetwork averaged = Kind.CNN.evaluator(ema).averagedNetwork(network);
    assertEquals(Bits.of(ema.shadow()), Bits.of(averaged.params()));
    assertEquals(network.getIterationCount(), averaged.getIterationCount());
    averaged.params().assign(0);
    assertNotEquals(Bits.of(ema.shadow()), Bits.of(averaged.params()));
  }

  @Test
  void dataForOnePassIsRefusedAtOnce() {
    EmaEvaluator evaluator = Kind.CNN.evaluator(new ModelEmaListener(0.9));
    DataSet data = Kind.CNN.training;
    for (Exception e :
        List.of(
            assertThrows(
                IllegalArgumentException.class,
                () -> evaluator.recalibratingOn(Batches.of(data, 8).once())),
            assertThrows(
                IllegalArgumentException.class,
                () -> evaluator.recalibratingOn(MultiBatches.once(data.toMultiDataSet()))))) {
      assertTrue(e.getMessage().contains("does not support reset()"), e.getMessage());
    }
  }

  @Test
  void failureChangesNothing() {
    MultiLayerNetwork network = Nets.cnn();
    ModelEmaListener ema = new ModelEmaListener(0.9);
    network.setListeners(ema);
    Kind.CNN.fit(network, 1);
    TrainingState before = TrainingState.of(network);
    Bits averaged = Bits.of(ema.shadow());
    EmaEvaluator evaluator =
        Kind.CNN.evaluator(ema).recalibratingOn(Batches.of(Kind.CNN.training, 8).failAt(1));

    assertThrows(IllegalArgumentException.class, () -> evaluator.averaged(network));
    try (Swap ignored = ema.swap(network)) {
      assertThrows(IllegalStateException.class, () -> evaluator.averagedNetwork(network));
    }

    assertEquals(before, TrainingState.of(network));
    assertEquals(averaged, Bits.of(ema.shadow()));
  }
}
