// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.testing.dl4j;

import java.util.Random;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;

/** Small data for the networks of {@link Nets}, a function of the seed alone. */
public final class Data {

  private Data() {}

  /** Points around the centres of three classes: 4 features. */
  public static DataSet points(long seed, int examples) {
    return points(seed, examples, 0);
  }

  /** Points of which a share has the label of a random class. */
  public static DataSet points(long seed, int examples, double labelNoise) {
    Random random = new Random(seed);
    INDArray features = Nd4j.create(examples, 4);
    INDArray labels = Nd4j.create(examples, 3);
    for (int i = 0; i < examples; i++) {
      int type = random.nextInt(3);
      for (int j = 0; j < 4; j++) {
        features.putScalar(i, j, 0.8 * random.nextGaussian() + (j == type ? 2 : 0));
      }
      labels.putScalar(i, random.nextDouble() < labelNoise ? random.nextInt(3) : type, 1);
    }
    return new DataSet(features, labels);
  }

  /** The same points with a second output: the sum of the features. */
  public static MultiDataSet pointsWithSum(long seed, int examples) {
    DataSet points = points(seed, examples);
    INDArray features = points.getFeatures();
    return new MultiDataSet(
        new INDArray[] {features}, new INDArray[] {points.getLabels(), features.sum(true, 1)});
  }

  /** Noise of 6 x 6 pixels, brighter on the left or on the right. */
  public static DataSet images(long seed, int examples) {
    Random random = new Random(seed);
    INDArray features = Nd4j.create(examples, 1, 6, 6);
    INDArray labels = Nd4j.create(examples, 2);
    for (int i = 0; i < examples; i++) {
      int side = random.nextInt(2);
      for (int row = 0; row < 6; row++) {
        for (int column = 0; column < 6; column++) {
          double signal = column / 3 == side ? 0.7 : 0;
          features.putScalar(new int[] {i, 0, row, column}, random.nextGaussian() + signal);
        }
      }
      labels.putScalar(i, side, 1);
    }
    return new DataSet(features, labels);
  }

  /** Sequences of 3 features and 7 steps; the class of a step is the sign of the sum so far. */
  public static DataSet sequences(long seed, int examples, boolean masked) {
    int steps = 7;
    Random random = new Random(seed);
    INDArray features = Nd4j.create(examples, 3, steps);
    INDArray labels = Nd4j.create(examples, 2, steps);
    INDArray mask = Nd4j.create(examples, steps);
    for (int i = 0; i < examples; i++) {
      double sum = 0;
      for (int t = 0; t < steps; t++) {
        for (int j = 0; j < 3; j++) {
          double value = random.nextGaussian();
          features.putScalar(i, j, t, value);
          sum += value;
        }
        labels.putScalar(i, sum > 0 ? 1 : 0, t, 1);
        mask.putScalar(i, t, t < steps - i % 4 ? 1 : 0);
      }
    }
    return masked ? new DataSet(features, labels, mask, mask.dup()) : new DataSet(features, labels);
  }

  /** The sequences with the class of their last step as their only label. */
  public static DataSet lastSteps(long seed, int examples) {
    DataSet sequences = sequences(seed, examples, false);
    INDArray last = sequences.getLabels().tensorAlongDimension(6, 0, 1).dup();
    return new DataSet(sequences.getFeatures(), last);
  }
}
