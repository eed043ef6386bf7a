// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.samediff;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.schedule.DecaySchedule;
import io.github.ema4j.testing.AverageCompatibilityKit;
import io.github.ema4j.testing.EmaOracle;
import java.io.File;
import java.nio.file.Path;
import org.nd4j.autodiff.listeners.At;
import org.nd4j.autodiff.listeners.BaseListener;
import org.nd4j.autodiff.listeners.Loss;
import org.nd4j.autodiff.listeners.Operation;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.TrainingConfig;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.dataset.api.iterator.TestDataSetIterator;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;

/** The variables of a SameDiff, of which there is one here, so that no order is to be agreed on. */
class SameDiffCompatibilityTest extends AverageCompatibilityKit {

  private static SameDiff regression() {
    SameDiff sd = SameDiff.create();
    SDVariable input = sd.placeHolder("input", DataType.FLOAT, -1, 4);
    SDVariable labels = sd.placeHolder("labels", DataType.FLOAT, -1, 3);
    SDVariable weights = sd.var("w", Nd4j.linspace(DataType.FLOAT, -1, 0.2, 12).reshape(4, 3));
    sd.loss.meanSquaredError("loss", labels, sd.nn.tanh(input.mmul(weights)), null);
    sd.setLossVariables("loss");
    sd.setTrainingConfig(
        TrainingConfig.builder()
            .updater(new Adam(0.05))
            .dataSetFeatureMapping("input")
            .dataSetLabelMapping("labels")
            .build());
    return sd;
  }

  /** Three batches. */
  private static TestDataSetIterator data() {
    INDArray features = Nd4j.linspace(DataType.FLOAT, -3, 0.0625, 96).reshape(24, 4);
    INDArray labels = Nd4j.linspace(DataType.FLOAT, 2, -0.05, 72).reshape(24, 3);
    return new TestDataSetIterator(new DataSet(features, labels), 8);
  }

  @Override
  protected Training train(String schedule, boolean interrupted) throws Exception {
    SameDiff sd = regression();
    SameDiffEmaListener ema =
        new SameDiffEmaListener(
            sd, AveragingConfig.builder().schedule(DecaySchedule.parse(schedule)).build());
    Training training = new Training(weights(sd));
    sd.addListeners(ema, noting(training, sd));
    sd.fit(data(), 1);
    if (interrupted) {
      File file = directory.resolve("interrupted.fb").toFile();
      Path state = directory.resolve("interrupted.ema");
      sd.save(file, true);
      ema.save(state);
      sd = SameDiff.load(file, true);
      ema = SameDiffEmaListener.resume(sd, state);
      sd.addListeners(ema, noting(training, sd));
    }
    sd.fit(data(), 1);
    return training.averaged(
        ema.averages().get("w"), ema.average().updateCount(), ema.average().initialShare());
  }

  private static INDArray weights(SameDiff sd) {
    return sd.getVariable("w").getArr();
  }

  private static BaseListener noting(Training training, SameDiff sd) {
    return new BaseListener() {
      @Override
      public boolean isActive(Operation operation) {
        return operation == Operation.TRAINING;
      }

      @Override
      public void iterationDone(SameDiff function, At at, MultiDataSet data, Loss loss) {
        training.updated(EmaOracle.floats(weights(sd)), 1);
      }
    };
  }
}
