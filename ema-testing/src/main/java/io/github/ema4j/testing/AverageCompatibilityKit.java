// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What an average does, whichever way its network is trained. A test of a way to train extends this
 * and says how to {@link #train}; the tests compare the average with {@link EmaOracle}.
 */
public abstract class AverageCompatibilityKit {

  /** A directory of the test, for what is saved in between. */
  @TempDir protected Path directory;

  /** The schedules that the kit trains with. */
  public enum Schedule {
    /** Each average is rounded from its own end. */
    CONSTANT("constant(decay=0.9)", step -> 0.9),
    /** The first averages are rounded from the end of the weights, and the steps are counted. */
    WARM_UP("num-updates(decay=0.99)", step -> Math.min(0.99, (1.0 + step) / (10.0 + step)));

    private final String text;
    private final LongToDoubleFunction decayAt;

    Schedule(String text, LongToDoubleFunction decayAt) {
      this.text = text;
      this.decayAt = decayAt;
    }
  }

  /** What was seen of a training; the weights are looked at without the help of the average. */
  public static final class Training {

    private final float[] start;
    private final int[] log10Deviations;
    private final List<float[]> weights = new ArrayList<>();
    private final List<Long> steps = new ArrayList<>();
    private Bits average;
    private long updates;
    private double initialShare;

    /**
     * A training that is about to begin.
     *
     * @param start its first weights, FLOAT
     * @param log10Deviations which of them are variances, held as log10 of the deviation
     */
    public Training(INDArray start, int... log10Deviations) {
      this.start = EmaOracle.floats(start);
      this.log10Deviations = log10Deviations;
    }

    /**
     * Notes an update of the average.
     *
     * @param seen the weights that it is updated with
     * @param count steps of the optimizer since the update before it
     */
    public void updated(float[] seen, long count) {
      weights.add(seen);
      steps.add(count);
    }

    /**
     * Notes what the average says when training is over.
     *
     * @param shadow the averaged weights
     * @param updates how often it says that it was updated
     * @param share what it says is left in it of the first weights
     */
    public Training averaged(INDArray shadow, long updates, double share) {
      average = Bits.of(shadow);
      this.updates = updates;
      initialShare = share;
      return this;
    }
  }

  /**
   * Trains with an average: the same weights on the same data each time, five updates or more.
   *
   * @param schedule of the average, as text
   * @param interrupted whether to save network and average in the middle of it, and to go on with
   *     what was saved and with new objects
   */
  protected abstract Training train(String schedule, boolean interrupted) throws Exception;

  private static EmaOracle replay(Training training, Schedule schedule) {
    EmaOracle oracle = new EmaOracle(schedule.decayAt, training.start, training.log10Deviations);
    for (int i = 0; i < training.weights.size(); i++) {
      oracle.update(training.weights.get(i), training.steps.get(i));
    }
    return oracle;
  }

  @ParameterizedTest
  @EnumSource
  final void averageHasTheBitsOfTheOracle(Schedule schedule) throws Exception {
    Training training = train(schedule.text, false);
    EmaOracle oracle = replay(training, schedule);
    assertTrue(oracle.updates() >= 5, oracle.updates() + " updates");
    assertEquals(oracle.bits(), training.average);
    assertEquals(oracle.updates(), training.updates);
    assertEquals(oracle.initialShare(), training.initialShare, 1e-12);
  }

  @ParameterizedTest
  @EnumSource
  final void interruptedAndResumedItHasTheSameBits(Schedule schedule) throws Exception {
    Training whole = train(schedule.text, false);
    Training parts = train(schedule.text, true);
    assertEquals(whole.steps, parts.steps);
    for (int i = 0; i < whole.weights.size(); i++) {
      assertEquals(
          Bits.of(whole.weights.get(i)), Bits.of(parts.weights.get(i)), "weights of update " + i);
    }
    assertEquals(whole.average, parts.average);
    assertEquals(whole.updates, parts.updates);
    assertEquals(whole.initialShare, parts.initialShare);
  }

  @Test
  final void ofDecayOneItStaysAtTheFirstWeights() throws Exception {
    Training training = train("constant(decay=1.0)", false);
    assertEquals(Bits.of(training.start), training.average);
    assertEquals(1, training.initialShare);
  }

  @Test
  final void ofDecayZeroItIsTheLatestWeights() throws Exception {
    Training training = train("constant(decay=0.0)", false);
    float[] latest = training.weights.get(training.weights.size() - 1);
    assertEquals(Bits.of(latest), training.average);
    assertNotEquals(Bits.of(training.start), training.average);
  }
}
