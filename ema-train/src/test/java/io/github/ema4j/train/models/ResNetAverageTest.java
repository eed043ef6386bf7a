// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.models;

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
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.config.Adam;

/** The twenty batch-norm layers of a ResNet-18, here with 8 to 64 channels. */
@Tag("numbers")
@Tag("slow")
class ResNetAverageTest {

  private static final int BATCH = 16;

  private final List<DataSet> training =
      small(ImageIterator.inOrder(FashionMnist.training(), 1600), BATCH);
  private final List<DataSet> test = small(ImageIterator.inOrder(FashionMnist.test(), 1000), 250);
  private final ComputationGraph network =
      narrowResNet18(new ModelSettings(new ImageShape(1, 14, 14), 10, new Adam(0.002), 0, 1));

  ResNetAverageTest() throws IOException {}

  /** Every other pixel of every other row: 14 x 14. */
  private static List<DataSet> small(ImageIterator images, int batch) {
    DataSet all = images.next();
    int count = all.numExamples();
    INDArray features = Nd4j.create(count, 1, 14, 14);
    features.assign(
        all.getFeatures()
            .reshape(count, 1, 28, 28)
            .get(
                NDArrayIndex.all(),
                NDArrayIndex.all(),
                NDArrayIndex.interval(0, 2, 28),
                NDArrayIndex.interval(0, 2, 28)));
    return new DataSet(features, all.getLabels()).batchBy(batch);
  }

  private static ComputationGraph narrowResNet18(ModelSettings settings) {
    GraphPieces graph = new GraphPieces(settings);
    String last = graph.convolution("stem", GraphPieces.INPUT, 8, 3, 2);
    last = graph.activation("stem", last, Activation.RELU);
    for (int block = 0; block < 8; block++) {
      String name = "block" + block;
      int channels = 8 << block / 2;
      boolean widens = block > 0 && block % 2 == 0;
      int stride = widens ? 2 : 1;
      String inner = graph.convolution(name + "-1", last, channels, 3, stride);
      inner = graph.activation(name + "-1", inner, Activation.RELU);
      inner = graph.convolution(name + "-2", inner, channels, 3, 1);
      String shortcut =
          widens ? graph.convolution(name + "-shortcut", last, channels, 1, stride) : last;
      String sum = graph.sum(name + "-sum", inner, shortcut);
      last = graph.activation(name, sum, Activation.RELU);
    }
    return graph.classify(last, 0);
  }

  private void fit(int epochs) {
    for (int epoch = 0; epoch < epochs; epoch++) {
      network.fit(new ListDataSetIterator<>(training, BATCH));
    }
  }

  private EmaEvaluator evaluator(ModelEmaListener ema) {
    return new EmaEvaluator(ema, new ListDataSetIterator<>(test, 250));
  }

  private double averaged(ModelEmaListener ema) {
    return evaluator(ema).averaged(network).get(Evaluation.class).accuracy();
  }

  private double recalibrated(ModelEmaListener ema) {
    return evaluator(ema)
        .recalibratingOn(new ListDataSetIterator<>(training.subList(0, 60), BATCH))
        .averaged(network)
        .get(Evaluation.class)
        .accuracy();
  }

  @Test
  void averagedStatisticsFitTheAveragedWeightsOnceTheNetworkHasLearnt() {
    ModelEmaListener early = new ModelEmaListener(0.9);
    network.setListeners(early);
    fit(2);
    // The running statistics follow the weights, and their average follows the statistics: while
    // the weights still move fast, both trail behind.
    double trailing = averaged(early);
    double fitted = recalibrated(early);
    assertTrue(fitted > trailing + 0.05, "averaged " + trailing + ", recalibrated " + fitted);

    fit(1);
    network.setLearningRate(0.0005);
    ModelEmaListener ema = new ModelEmaListener(0.95);
    network.setListeners(ema);
    for (int epoch = 1; epoch <= 3; epoch++) {
      fit(1);
      double raw = evaluator(ema).raw(network).get(Evaluation.class).accuracy();
      double averaged = averaged(ema);
      assertTrue(
          averaged >= raw - 0.02, "epoch %d: raw %s, averaged %s".formatted(epoch, raw, averaged));
    }
    double last = averaged(ema);
    double lastFitted = recalibrated(ema);
    assertTrue(last >= lastFitted - 0.03, "averaged " + last + ", recalibrated " + lastFitted);
  }
}
