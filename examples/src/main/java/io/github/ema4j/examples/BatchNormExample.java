// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.ParameterSelection;
import io.github.ema4j.dl4j.batchnorm.BatchNormStatistics;
import io.github.ema4j.train.images.FashionMnist;
import io.github.ema4j.train.images.ImageIterator;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What becomes of the running variance of batch norm in an average: averaged as a variance, which
 * is what EMA4J does, as the logarithm that Deeplearning4j holds, and recalibrated on data.
 *
 * <p>Batch norm stands behind a ReLU: there a unit that falls silent for a while has a variance
 * close to 0, and the mean of the logarithms with it.
 */
public final class BatchNormExample {
  private static final Logger log = LoggerFactory.getLogger(BatchNormExample.class);

  static final int EPOCHS = 6;
  private static final int WIDTH = 32;
  private static final int BATCH = 32;

  private BatchNormExample() {}

  /** Where batch norm stands, seen from the activation before or behind it. */
  enum Place {
    BEHIND_RELU,
    BEFORE_RELU
  }

  /** Shares of test images recognised after one epoch, 0 to 1. */
  record Accuracy(
      double decay,
      int epoch,
      double initialShare,
      double raw,
      double averaged,
      double asLogarithm,
      double recalibrated) {}

  /** Trains three times for each place, and logs the accuracies after every second epoch. */
  public static void main(String[] args) throws IOException {
    OpenMp.useOneThreadUnlessSet();
    log.info("place        seed  decay  epoch     raw  averaged  as logarithm  recalibrated");
    for (Place place : Place.values()) {
      for (long seed = 1; seed <= 3; seed++) {
        for (Accuracy accuracy : train(place, seed)) {
          if (accuracy.epoch() % 2 == 0) {
            log.info(
                "%-11s %5d  %5.3f  %5d  %6.1f  %8.1f  %12.1f  %12.1f"
                    .formatted(
                        place,
                        seed,
                        accuracy.decay(),
                        accuracy.epoch(),
                        100 * accuracy.raw(),
                        100 * accuracy.averaged(),
                        100 * accuracy.asLogarithm(),
                        100 * accuracy.recalibrated()));
          }
        }
      }
    }
  }

  static List<Accuracy> train(Place place, long seed) throws IOException {
    MultiLayerNetwork net = network(place, seed);
    DataSetIterator training = ImageIterator.shuffled(FashionMnist.training(), BATCH, 2);
    DataSetIterator calibration = ImageIterator.inOrder(FashionMnist.training(), 500);
    DataSetIterator test = ImageIterator.inOrder(FashionMnist.test(), 500);
    double[] decays = {0.99, 0.998};
    ModelEmaListener[] averages = new ModelEmaListener[decays.length];
    ModelEmaListener[] logarithms = new ModelEmaListener[decays.length];
    for (int i = 0; i < decays.length; i++) {
      averages[i] = new ModelEmaListener(decays[i]);
      logarithms[i] =
          new ModelEmaListener(
              AveragingConfig.of(decays[i]),
              ParameterSelection.averageAll().batchNormDeviationsAsLogarithms());
      net.addListeners(averages[i], logarithms[i]);
    }
    List<Accuracy> accuracies = new ArrayList<>();
    for (int epoch = 1; epoch <= EPOCHS; epoch++) {
      net.fit(training);
      double raw = net.evaluate(test).accuracy();
      for (int i = 0; i < decays.length; i++) {
        MultiLayerNetwork averaged = averages[i].averagedNetwork(net);
        double asVariance = averaged.evaluate(test).accuracy();
        double asLogarithm = logarithms[i].averagedNetwork(net).evaluate(test).accuracy();
        BatchNormStatistics.recalibrate(averaged, calibration);
        accuracies.add(
            new Accuracy(
                decays[i],
                epoch,
                averages[i].initialShare(),
                raw,
                asVariance,
                asLogarithm,
                averaged.evaluate(test).accuracy()));
      }
    }
    return accuracies;
  }

  private static MultiLayerNetwork network(Place place, long seed) {
    NeuralNetConfiguration.ListBuilder layers =
        new NeuralNetConfiguration.Builder().seed(seed).updater(new Adam(0.01)).list();
    for (int i = 0; i < 2; i++) {
      DenseLayer.Builder dense = new DenseLayer.Builder().nOut(WIDTH);
      if (place == Place.BEHIND_RELU) {
        layers.layer(dense.activation(Activation.RELU).build()).layer(new BatchNormalization());
      } else {
        layers
            .layer(dense.activation(Activation.IDENTITY).build())
            .layer(new BatchNormalization())
            .layer(new ActivationLayer(Activation.RELU));
      }
    }
    layers.layer(
        new OutputLayer.Builder(LossFunction.MCXENT)
            .nOut(10)
            .activation(Activation.SOFTMAX)
            .build());
    MultiLayerNetwork network =
        new MultiLayerNetwork(layers.setInputType(InputType.feedForward(784)).build());
    network.init();
    return network;
  }
}
