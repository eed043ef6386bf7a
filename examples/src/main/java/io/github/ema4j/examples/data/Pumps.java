// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.data;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Worn pumps, made up on the spot: two kinds of measurements of each, and two things to predict.
 *
 * <p>Each kind of wear shakes the pump in its own way, the more the worse it is. How long a pump
 * lasts depends on how badly it is worn and how hard it works.
 */
public final class Pumps {
  /** The number of vibration measurements. */
  public static final int VIBRATIONS = 4;

  /** The number of measurements of the operation: load and temperature. */
  public static final int OPERATIONS = 2;

  /** The number of kinds of wear. */
  public static final int KINDS = 3;

  private static final double[][] VIBRATION_OF_KIND = {
    {1.0, 0.6, 0.0, -0.4}, {0.8, 0.0, 0.7, 0.4}, {0.0, 0.8, 0.6, 0.8}
  };

  private Pumps() {}

  /**
   * Draws pumps as people have recorded them: 30 % of the kinds of wear are guesses, and the hours
   * left are off by normal noise with a standard deviation of 1,000 hours.
   *
   * @param batches the number of mini-batches
   * @param batchSize the number of pumps in one
   * @param seed the same seed gives the same pumps
   * @return mini-batches of two inputs, vibrations and operation, and two outputs, kind of wear
   *     (one-hot) and thousands of hours left
   */
  public static List<MultiDataSet> recorded(int batches, int batchSize, long seed) {
    return draw(batches, batchSize, 0.3, 1, seed);
  }

  /** Draws pumps as {@link #recorded} does, but with the truth as labels. */
  public static List<MultiDataSet> examined(int batches, int batchSize, long seed) {
    return draw(batches, batchSize, 0, 0, seed);
  }

  private static List<MultiDataSet> draw(
      int batches, int batchSize, double guesses, double noise, long seed) {
    Random random = new Random(seed);
    List<MultiDataSet> drawn = new ArrayList<>();
    for (int i = 0; i < batches; i++) {
      drawn.add(batch(batchSize, guesses, noise, random));
    }
    return drawn;
  }

  private static MultiDataSet batch(int batchSize, double guesses, double noise, Random random) {
    float[][] vibrations = new float[batchSize][VIBRATIONS];
    float[][] operations = new float[batchSize][OPERATIONS];
    float[][] kinds = new float[batchSize][KINDS];
    float[][] hours = new float[batchSize][1];
    for (int i = 0; i < batchSize; i++) {
      int kind = random.nextInt(KINDS);
      double wear = random.nextDouble();
      double load = random.nextDouble();
      for (int j = 0; j < VIBRATIONS; j++) {
        vibrations[i][j] =
            (float) ((0.5 + wear) * VIBRATION_OF_KIND[kind][j] + 0.3 * random.nextGaussian());
      }
      operations[i][0] = (float) load;
      operations[i][1] = (float) (load + 0.2 * random.nextGaussian());
      int label = random.nextDouble() < guesses ? random.nextInt(KINDS) : kind;
      kinds[i][label] = 1;
      hours[i][0] = (float) (3 * (1 - wear) * (1.5 - load) + noise * random.nextGaussian());
    }
    return new MultiDataSet(
        new INDArray[] {Nd4j.createFromArray(vibrations), Nd4j.createFromArray(operations)},
        new INDArray[] {Nd4j.createFromArray(kinds), Nd4j.createFromArray(hours)});
  }
}
