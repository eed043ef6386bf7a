// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.models;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.evaluation.EmaEvaluator;
import io.github.ema4j.train.images.FashionMnist;
import io.github.ema4j.train.images.ImageIterator;
import java.io.IOException;
import java.util.List;
import org.deeplearning4j.datasets.iterator.utilty.ListDataSetIterator;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.config.Nesterovs;

/** Twenty batch-norm layers, in an average that reaches back over a part of an epoch. */
@Tag("numbers")
class ResNetAverageTest {

  private static final int EPOCHS = 4;

  /** Every other pixel of every other row: 14 x 14. */
  private static DataSet small(ImageIterator images, int count) {
    DataSet batch = images.next(count);
    INDArray pixels = batch.getFeatures().reshape(count, 1, 28, 28);
    INDArray every =
        pixels.get(
            NDArrayIndex.all(),
            NDArrayIndex.all(),
            NDArrayIndex.interval(0, 2, 28),
            NDArrayIndex.interval(0, 2, 28));
    INDArray features = Nd4j.create(count, 1, 14, 14);
    features.assign(every);
    return new DataSet(features, batch.getLabels());
  }

  @Test
  void averagedStatisticsFitTheAveragedWeightsAfterEveryEpoch() throws IOException {
    ComputationGraph network =
        (ComputationGraph)
            Models.create(
                "resnet18",
                new ModelSettings(new ImageShape(1, 14, 14), 10, new Nesterovs(0.02, 0.9), 0, 1));
    List<DataSet> training =
        small(ImageIterator.inOrder(FashionMnist.training(), 640), 640).batchBy(32);
    DataSet test = small(ImageIterator.inOrder(FashionMnist.test(), 1000), 1000);
    ModelEmaListener ema = new ModelEmaListener(0.9);
    network.addListeners(ema);
    EmaEvaluator evaluator =
        new EmaEvaluator(ema, new ListDataSetIterator<>(test.batchBy(200), 200));
    EmaEvaluator recalibrated = evaluator.recalibratingOn(new ListDataSetIterator<>(training, 32));
    for (int epoch = 1; epoch <= EPOCHS; epoch++) {
      network.fit(new ListDataSetIterator<>(training, 32));
      double raw = evaluator.raw(network).get(Evaluation.class).accuracy();
      double averaged = evaluator.averaged(network).get(Evaluation.class).accuracy();
      double fitted = recalibrated.averaged(network).get(Evaluation.class).accuracy();
      String seen =
          "epoch %d: raw %s, averaged %s, recalibrated %s".formatted(epoch, raw, averaged, fitted);
      System.err.println(seen);
      if (epoch > 1) {
        assertTrue(averaged >= raw - 0.01, seen);
        assertTrue(averaged >= fitted - 0.03, seen);
      }
    }
    assertEquals(EPOCHS * training.size(), ema.updateCount());
  }
}
