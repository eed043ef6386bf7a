// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.ui;

import java.util.Random;
import org.deeplearning4j.datasets.iterator.utilty.ListDataSetIterator;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Three spirals in the plane, to be told apart, and a network that can. */
public final class Spirals {

  private static final int CLASSES = 3;

  private Spirals() {}

  /**
   * Points of the spirals.
   *
   * @param number of points
   * @param wrong share of labels that are drawn at random
   * @param batch points per batch
   * @param seed of the points
   * @return the same points in the same order after each reset
   */
  public static DataSetIterator points(int number, double wrong, int batch, long seed) {
    Random random = new Random(seed);
    double[][] points = new double[number][];
    double[][] labels = new double[number][CLASSES];
    for (int i = 0; i < number; i++) {
      int spiral = random.nextInt(CLASSES);
      double radius = random.nextDouble();
      double angle = 4 * radius + 2 * Math.PI * spiral / CLASSES + 0.15 * random.nextGaussian();
      points[i] = new double[] {radius * Math.cos(angle), radius * Math.sin(angle)};
      labels[i][random.nextDouble() < wrong ? random.nextInt(CLASSES) : spiral] = 1;
    }
    return new ListDataSetIterator<>(
        new DataSet(
                Nd4j.createFromArray(points).castTo(Nd4j.defaultFloatingPointType()),
                Nd4j.createFromArray(labels).castTo(Nd4j.defaultFloatingPointType()))
            .asList(),
        batch);
  }

  /**
   * A perceptron with three layers.
   *
   * @return a new network, always with the same weights
   */
  public static MultiLayerNetwork network() {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .seed(7)
                .updater(new Adam(0.02))
                .activation(Activation.TANH)
                .list(hidden(2, 32), hidden(32, 32), output(32))
                .build());
    network.init();
    return network;
  }

  private static DenseLayer hidden(int in, int out) {
    return new DenseLayer.Builder().nIn(in).nOut(out).build();
  }

  private static OutputLayer output(int in) {
    return new OutputLayer.Builder(LossFunction.MCXENT)
        .nIn(in)
        .nOut(CLASSES)
        .activation(Activation.SOFTMAX)
        .build();
  }
}
