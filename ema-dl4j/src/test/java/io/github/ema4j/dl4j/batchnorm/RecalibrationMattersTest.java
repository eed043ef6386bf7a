// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.batchnorm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.schedule.DecaySchedule;
import io.github.ema4j.dl4j.ModelEmaListener;
import java.util.Random;
import org.deeplearning4j.datasets.iterator.ExistingDataSetIterator;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/**
 * When recalibration matters: for an average that reaches back over much of a short run, in which
 * the activations change a lot. Three classes on the arms of a spiral, 192 updates.
 */
class RecalibrationMattersTest {

  private static final int CLASSES = 3;

  @ParameterizedTest
  @ValueSource(longs = {11, 12, 13})
  void averageWithALongReachNeedsStatisticsOfItsOwn(long seed) {
    DataSet training = spirals(seed, 512);
    DataSet validation = spirals(seed + 100, 1000);
    MultiLayerNetwork network = network(seed);
    ModelEmaListener halfTheRun = listener(DecaySchedule.constant(0.99));
    ModelEmaListener allButTheStart =
        listener(DecaySchedule.copyFirst(40, DecaySchedule.constant(0.998)));
    ModelEmaListener warmedUp = listener(DecaySchedule.inversePower(0.998));
    network.setListeners(halfTheRun, allButTheStart, warmedUp);
    network.fit(new ExistingDataSetIterator(training.batchBy(32)), 12);

    // A seventh of the average is of the start, with a variance of 1 where 0.1 would be right.
    // Seen: raw 0.04 to 0.11; averaged 0.53 to 0.78, recalibrated 0.06.
    Losses losses = losses(halfTheRun, network, training, validation);
    assertTrue(losses.recalibrated() < 0.6 * losses.averaged(), losses.toString());
    assertTrue(losses.recalibrated() < 1.5 * network.score(validation), losses.toString());
    // Seen: averaged 0.11 to 0.30, recalibrated 0.08 to 0.13.
    losses = losses(allButTheStart, network, training, validation);
    assertTrue(losses.recalibrated() < 0.85 * losses.averaged(), losses.toString());
    // The warm-up has come to 33 updates, so that the averaged statistics are as good.
    losses = losses(warmedUp, network, training, validation);
    assertEquals(1, losses.recalibrated() / losses.averaged(), 0.3, losses.toString());
  }

  private record Losses(double averaged, double recalibrated) {}

  private static Losses losses(
      ModelEmaListener ema, MultiLayerNetwork network, DataSet training, DataSet validation) {
    MultiLayerNetwork averaged = ema.network(network);
    double before = averaged.score(validation);
    BatchNormStatistics.recalibrate(averaged, new ExistingDataSetIterator(training.batchBy(64)));
    return new Losses(before, averaged.score(validation));
  }

  private static ModelEmaListener listener(DecaySchedule schedule) {
    return ModelEmaListener.builder().schedule(schedule).build();
  }

  private static MultiLayerNetwork network(long seed) {
    NeuralNetConfiguration.ListBuilder layers =
        new NeuralNetConfiguration.Builder()
            .seed(seed)
            .updater(new Adam(0.02))
            .activation(Activation.RELU)
            .list();
    for (int i = 0; i < 3; i++) {
      layers.layer(new DenseLayer.Builder().nOut(16).build()).layer(new BatchNormalization());
    }
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            layers
                .layer(
                    new OutputLayer.Builder(LossFunction.MCXENT)
                        .activation(Activation.SOFTMAX)
                        .nOut(CLASSES)
                        .build())
                .setInputType(InputType.feedForward(2))
                .build());
    network.init();
    return network;
  }

  private static DataSet spirals(long seed, int examples) {
    Random random = new Random(seed);
    INDArray features = Nd4j.create(examples, 2);
    INDArray labels = Nd4j.create(examples, CLASSES);
    for (int i = 0; i < examples; i++) {
      int arm = i % CLASSES;
      double radius = 0.1 + 0.9 * random.nextDouble();
      double angle = 2 * Math.PI * arm / CLASSES + 4 * radius + 0.4 * random.nextGaussian();
      features.putScalar(i, 0, radius * Math.cos(angle));
      features.putScalar(i, 1, radius * Math.sin(angle));
      labels.putScalar(i, arm, 1);
    }
    DataSet data = new DataSet(features, labels);
    data.shuffle(seed);
    return data;
  }
}
