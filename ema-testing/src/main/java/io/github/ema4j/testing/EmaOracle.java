// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.testing;

import java.util.Arrays;
import java.util.BitSet;
import java.util.function.LongToDoubleFunction;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The average of a FLOAT vector as a reader would write it, in plain Java and apart from the code
 * under test. Averages have the bits of this one.
 */
public final class EmaOracle {

  private final LongToDoubleFunction decayAt;
  private final float[] shadow;
  private final BitSet log10Deviations;
  private final double[] variances; // where the vector holds one as the log10 of its root
  private long steps;
  private int updates;
  private double initialShare = 1;

  /**
   * Begins an average.
   *
   * @param decayAt the decay of a step, from 1
   * @param start the weights it begins with
   */
  public EmaOracle(LongToDoubleFunction decayAt, INDArray start) {
    this(decayAt, start, new BitSet());
  }

  /**
   * Begins an average of which some elements are variances.
   *
   * @param decayAt the decay of a step, from 1
   * @param start the weights it begins with
   * @param log10Deviations the elements that hold a variance as the log10 of the standard
   *     deviation: the variance is averaged and not the logarithm
   */
  public EmaOracle(LongToDoubleFunction decayAt, INDArray start, BitSet log10Deviations) {
    this.decayAt = decayAt;
    this.log10Deviations = log10Deviations;
    shadow = floats(start);
    variances = new double[shadow.length];
    Arrays.setAll(variances, i -> variance(shadow[i]));
  }

  private static double variance(double log10Deviation) {
    return Math.exp(2 * Math.log(10) * log10Deviation);
  }

  /** All values of a FLOAT vector, whose bits {@code assertArrayEquals} compares. */
  public static float[] floats(INDArray params) {
    return params.dup().data().asFloat();
  }

  /** Takes in the weights after one step. */
  public void update(INDArray params) {
    update(params, 1);
  }

  /** Takes in the weights after several steps, with the decays of all of them. */
  public void update(INDArray params, long interval) {
    update(floats(params), interval);
  }

  /** Takes in the weights after several steps, with the decays of all of them. */
  public void update(float[] params, long interval) {
    double decay = 1;
    for (long i = 0; i < interval; i++) {
      decay *= decayAt.applyAsDouble(++steps);
    }
    float[] before = shadow.clone();
    move(shadow, params, decay);
    for (int i : log10Deviations.stream().toArray()) {
      double v = variances[i];
      double p = variance(params[i]);
      variances[i] = 1 - decay < 0.5 ? v - (1 - decay) * (v - p) : p - decay * (p - v);
      if (decay > 0) {
        shadow[i] = variances[i] == v ? before[i] : (float) (0.5 * Math.log10(variances[i]));
      }
    }
    updates++;
    initialShare *= decay;
  }

  /** Moves an average: {@code shadow = decay * shadow + (1 - decay) * params}. */
  public static void move(float[] shadow, float[] params, double decay) {
    float weight = (float) (1 - decay);
    for (int i = 0; i < params.length; i++) {
      // Rounded from the nearer end: a weight above a half leaves less behind.
      shadow[i] =
          weight < 0.5f
              ? shadow[i] - weight * (shadow[i] - params[i])
              : params[i] - (params[i] - shadow[i]) * (float) decay;
    }
  }

  /** A copy of the average. */
  public float[] shadow() {
    return shadow.clone();
  }

  /** The bits of the average. */
  public Bits bits() {
    return Bits.of(shadow);
  }

  /** How often it was updated. */
  public int updates() {
    return updates;
  }

  /** The share of the weights it began with that is left in it. */
  public double initialShare() {
    return initialShare;
  }
}
