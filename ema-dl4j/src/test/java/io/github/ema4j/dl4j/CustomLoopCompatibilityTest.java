// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.schedule.DecaySchedule;
import io.github.ema4j.dl4j.checkpoint.EmaCheckpoint;
import io.github.ema4j.dl4j.checkpoint.RestoredCheckpoint;
import io.github.ema4j.testing.AverageCompatibilityKit;
import io.github.ema4j.testing.EmaOracle;
import io.github.ema4j.testing.dl4j.Data;
import io.github.ema4j.testing.dl4j.Models;
import io.github.ema4j.testing.dl4j.Nets;
import java.nio.file.Path;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.linalg.dataset.DataSet;

/** A loop without {@code fit}, which updates the average after each step by itself. */
class CustomLoopCompatibilityTest extends AverageCompatibilityKit {

  private static final int STEPS = 6;

  @Override
  protected Training train(String schedule, boolean interrupted) throws Exception {
    MultiLayerNetwork network = Nets.mlp();
    ModelEmaListener ema =
        new ModelEmaListener(
                AveragingConfig.builder().schedule(DecaySchedule.parse(schedule)).build())
            .start(network);
    Training training = new Training(network.params(), Models.log10Deviations(network));
    for (int i = 0; i < STEPS; i++) {
      if (interrupted && i == STEPS / 2) {
        Path file = directory.resolve("interrupted.zip");
        EmaCheckpoint.save(file, network, ema);
        RestoredCheckpoint<MultiLayerNetwork> run = EmaCheckpoint.restoreMultiLayerNetwork(file);
        network = run.network();
        ema = run.ema();
      }
      step(network, Data.points(i, 8));
      ema.update(network);
      training.updated(EmaOracle.floats(network.params()), 1);
    }
    return training.averaged(ema.shadow(), ema.updateCount(), ema.initialShare());
  }

  private static void step(MultiLayerNetwork network, DataSet batch) {
    Gradient gradient =
        network.calculateGradients(batch.getFeatures(), batch.getLabels(), null, null).getFirst();
    network
        .getUpdater()
        .update(
            network,
            gradient,
            network.getIterationCount(),
            network.getEpochCount(),
            batch.numExamples(),
            LayerWorkspaceMgr.noWorkspaces());
    network.params().subi(gradient.gradient().reshape(network.params().shape()));
    network.setIterationCount(network.getIterationCount() + 1);
  }
}
