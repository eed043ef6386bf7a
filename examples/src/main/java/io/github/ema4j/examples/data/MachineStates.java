// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.data;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Sequences from a machine that is in one of three states, of which only a noisy reading is seen.
 *
 * <p>A state lasts 20 steps on average; the reading is -1, 0 or 1 plus normal noise of standard
 * deviation 1. One reading says little: to tell the state, earlier readings have to be remembered.
 */
public final class MachineStates {
  /** The number of states. */
  public static final int STATES = 3;

  private MachineStates() {}

  /**
   * Draws sequences.
   *
   * @param batches the number of mini-batches
   * @param batchSize the number of sequences in one
   * @param steps the number of time steps in a sequence
   * @param seed the same seed gives the same sequences
   * @return mini-batches of readings [batchSize, 1, steps] and states [batchSize, {@link #STATES},
   *     steps], one-hot
   */
  public static List<DataSet> draw(int batches, int batchSize, int steps, long seed) {
    Random random = new Random(seed);
    List<DataSet> drawn = new ArrayList<>();
    for (int i = 0; i < batches; i++) {
      drawn.add(batch(batchSize, steps, random));
    }
    return drawn;
  }

  private static DataSet batch(int batchSize, int steps, Random random) {
    float[][][] readings = new float[batchSize][1][steps];
    float[][][] states = new float[batchSize][STATES][steps];
    for (int i = 0; i < batchSize; i++) {
      int state = random.nextInt(STATES);
      for (int step = 0; step < steps; step++) {
        if (random.nextDouble() < 0.05) {
          state = (state + 1 + random.nextInt(STATES - 1)) % STATES;
        }
        readings[i][0][step] = (float) (state - 1 + random.nextGaussian());
        states[i][state][step] = 1;
      }
    }
    return new DataSet(Nd4j.createFromArray(readings), Nd4j.createFromArray(states));
  }
}
