// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.parallel;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.schedule.DecaySchedule;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.checkpoint.EmaCheckpoint;
import io.github.ema4j.dl4j.checkpoint.RestoredCheckpoint;
import io.github.ema4j.testing.AverageCompatibilityKit;
import io.github.ema4j.testing.EmaOracle;
import io.github.ema4j.testing.dl4j.Data;
import io.github.ema4j.testing.dl4j.Models;
import java.nio.file.Path;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.deeplearning4j.parallelism.ParallelWrapper;
import org.junit.jupiter.api.Timeout;
import org.nd4j.linalg.dataset.DataSet;

/** Two workers of a ParallelWrapper, averaged every second round: each update counts two steps. */
@Timeout(120)
class ParallelWrapperCompatibilityTest extends AverageCompatibilityKit {

  /** Six rounds of two workers. */
  private static final DataSet POINTS = Data.points(1, 12 * Scene.BATCH);

  @Override
  protected Training train(String schedule, boolean interrupted) throws Exception {
    MultiLayerNetwork network = Scene.network();
    ModelEmaListener ema =
        new ModelEmaListener(
            AveragingConfig.builder().schedule(DecaySchedule.parse(schedule)).build());
    Training training = new Training(network.params(), Models.log10Deviations(network));
    ema.andThen(telling(training));
    fit(network, ema);
    if (interrupted) {
      Path file = directory.resolve("interrupted.zip");
      EmaCheckpoint.save(file, network, ema);
      RestoredCheckpoint<MultiLayerNetwork> run = EmaCheckpoint.restoreMultiLayerNetwork(file);
      network = run.network();
      ema = run.ema();
      ema.andThen(telling(training));
    }
    fit(network, ema);
    return training.averaged(ema.shadow(), ema.updateCount(), ema.initialShare());
  }

  /** What the workers agree on, which the average has just taken in. */
  private static BaseTrainingListener telling(Training training) {
    return new BaseTrainingListener() {
      @Override
      public void iterationDone(Model model, int iteration, int epoch) {
        training.updated(EmaOracle.floats(model.params()), 2);
      }
    };
  }

  private static void fit(MultiLayerNetwork network, ModelEmaListener ema) throws Exception {
    try (ParallelWrapper wrapper = Scene.averaging(network, 2, 2)) {
      ParallelEma.attach(wrapper, ema);
      wrapper.fit(Scene.batches(POINTS));
    }
  }
}
