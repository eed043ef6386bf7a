// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.schedule.DecaySchedule;
import io.github.ema4j.dl4j.checkpoint.EmaCheckpoint;
import io.github.ema4j.dl4j.checkpoint.RestoredCheckpoint;
import io.github.ema4j.testing.AverageCompatibilityKit;
import io.github.ema4j.testing.EmaOracle;
import io.github.ema4j.testing.dl4j.Batches;
import io.github.ema4j.testing.dl4j.Data;
import io.github.ema4j.testing.dl4j.Models;
import io.github.ema4j.testing.dl4j.Nets;
import java.nio.file.Path;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.nd4j.linalg.dataset.DataSet;

/** {@code fit}, with the listener registered. */
class FitCompatibilityTest extends AverageCompatibilityKit {

  private static final DataSet POINTS = Data.points(1, 24);

  @Override
  protected Training train(String schedule, boolean interrupted) throws Exception {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema =
        new ModelEmaListener(
            AveragingConfig.builder().schedule(DecaySchedule.parse(schedule)).build());
    Training training = new Training(network.params(), Models.log10Deviations(network));
    network.setListeners(ema, noting(training));
    network.fit(Batches.of(POINTS, 8));
    if (interrupted) {
      Path file = directory.resolve("interrupted.zip");
      EmaCheckpoint.save(file, network, ema);
      RestoredCheckpoint<MultiLayerNetwork> run = EmaCheckpoint.restoreMultiLayerNetwork(file);
      network = run.network();
      ema = run.ema();
      network.setListeners(ema, noting(training));
    }
    network.fit(Batches.of(POINTS, 8));
    return training.averaged(ema.shadow(), ema.updateCount(), ema.initialShare());
  }

  private static TrainingListener noting(Training training) {
    return new BaseTrainingListener() {
      @Override
      public void iterationDone(Model model, int iteration, int epoch) {
        training.updated(EmaOracle.floats(model.params()), 1);
      }
    };
  }
}
