// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.ParameterAverage;
import io.github.ema4j.testing.dl4j.Batches;
import io.github.ema4j.testing.dl4j.Data;
import io.github.ema4j.testing.dl4j.Nets;
import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;

class ResumedListenerTest {

  @Test
  void goesOnWithTheAverageItWasGiven() {
    MultiLayerNetwork network = Nets.mlp();
    ParameterAverage average = new ParameterAverage(AveragingConfig.of(0.9), network.params());
    average.update(network.params());

    ModelEmaListener ema = ModelEmaListener.resume(network, average);
    network.setListeners(ema);
    network.fit(Data.points(1, 8));

    assertSame(average, ema.average());
    assertEquals(average.config(), ema.config());
    assertEquals(2, ema.updateCount());
    assertTrue(ema.isAverageOf(network));
    assertFalse(ema.isAverageOf(Nets.mlp()));
  }

  @Test
  void refusesAnAverageOfOtherParameters() {
    MultiLayerNetwork network = Nets.mlp();
    AveragingConfig config = AveragingConfig.of(0.9);
    ParameterAverage shorter = new ParameterAverage(config, Nets.graph().params());
    ParameterAverage wider = new ParameterAverage(config, network.params().castTo(DataType.DOUBLE));

    assertThrows(IllegalArgumentException.class, () -> ModelEmaListener.resume(network, shorter));
    assertThrows(IllegalArgumentException.class, () -> ModelEmaListener.resume(network, wider));
  }

  @Test
  void knowsTheMomentInAFit() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(0.9);
    List<Moment> moments = new ArrayList<>();
    network.setListeners(
        ema,
        new BaseTrainingListener() {
          @Override
          public void onEpochStart(Model model) {
            moments.add(ema.moment());
          }

          @Override
          public void onGradientCalculation(Model model) {
            moments.add(ema.moment());
          }

          @Override
          public void iterationDone(Model model, int iteration, int epoch) {
            moments.add(ema.moment());
          }

          @Override
          public void onEpochEnd(Model model) {
            moments.add(ema.moment());
          }
        });

    assertThrows(IllegalStateException.class, ema::moment);
    for (int epoch = 0; epoch < 2; epoch++) {
      moments.clear();
      network.fit(Batches.of(Data.points(1, 16), 8));
      assertEquals(
          List.of(
              Moment.BETWEEN_FITS,
              Moment.UPDATING,
              Moment.ITERATION_DONE,
              Moment.UPDATING,
              Moment.ITERATION_DONE,
              Moment.EPOCH_END),
          moments);
      assertEquals(Moment.BETWEEN_FITS, ema.moment());
    }
    network.fit(Data.points(3, 8));
    assertEquals(Moment.BETWEEN_FITS, ema.moment());
  }

  @Test
  void knowsThatAnIterationWasDoneThoughAnotherListenerFailedInIt() {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema = new ModelEmaListener(0.9);
    network.setListeners(
        ema,
        new BaseTrainingListener() {
          @Override
          public void iterationDone(Model model, int iteration, int epoch) {
            throw new IllegalStateException("failed");
          }
        });

    assertThrows(IllegalStateException.class, () -> network.fit(Data.points(1, 8)));

    // Deeplearning4j leaves the update in the weights and does not count it.
    assertEquals(0, network.getIterationCount());
    assertEquals(Moment.ITERATION_DONE, ema.moment());
    assertEquals(1, ema.updateCount());
  }
}
