// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.testing;

import java.util.List;
import java.util.function.LongToDoubleFunction;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The average of a FLOAT vector as a reader would write it, in plain Java and apart from the code
 * under test. Averages have the bits of this one.
 *
 * <p>Elements that hold a variance as the log10 of the standard deviation are averaged as
 * variances, in double.
 */
public final class EmaOracle {

  private final LongToDoubleFunction decayAt;
  private final float[] shadow;
  private final int[] logs;
  private final double[] variances; // of the elements in logs
  private long steps;
  private int updates;
  private double initialShare = 1;

  /**
   * Begins an average of a vector without variances.
   *
   * @param decayAt the decay of a step, from 1
   * @param start the weights it begins with
   */
  public EmaOracle(LongToDoubleFunction decayAt, INDArray start) {
    this(decayAt, floats(start), new int[0]);
  }

  /**
   * Begins an average.
   *
   * @param decayAt the decay of a step, from 1
   * @param start the weights it begins with
   * @param logs indices of the elements that are log10 of a deviation
   */
  public EmaOracle(LongToDoubleFunction decayAt, float[] start, int[] logs) {
    this.decayAt = decayAt;
    this.logs = logs.clone();
    shadow = start.clone();
    variances = IntStream.of(logs).mapToDouble(i -> variance(shadow[i])).toArray();
  }

  /**
   * Goes on with an average.
   *
   * @param decayAt the decay of a step, from 1
   * @param shadow the average
   * @param logs indices of the elements that are log10 of a deviation
   * @param variances the averaged variances of these, in the order of the indices
   */
  public EmaOracle(LongToDoubleFunction decayAt, float[] shadow, int[] logs, double[] variances) {
    this(decayAt, shadow, logs);
    System.arraycopy(variances, 0, this.variances, 0, logs.length);
  }

  private EmaOracle(EmaOracle other) {
    decayAt = other.decayAt;
    logs = other.logs;
    shadow = other.shadow.clone();
    variances = other.variances.clone();
    steps = other.steps;
    updates = other.updates;
    initialShare = other.initialShare;
  }

  private static double variance(double log10Deviation) {
    return Math.exp(2 * Math.log(10) * log10Deviation);
  }

  private static float log10Deviation(double variance) {
    return (float) (0.5 * Math.log10(variance));
  }

  /** An average that goes on from here by itself. */
  public EmaOracle copy() {
    return new EmaOracle(this);
  }

  /** The mean of averages that went on apart from each other. */
  public static EmaOracle mean(List<EmaOracle> averages) {
    EmaOracle mean = averages.get(0).copy();
    for (EmaOracle other : averages.subList(1, averages.size())) {
      for (int i = 0; i < mean.shadow.length; i++) {
        mean.shadow[i] += other.shadow[i];
      }
      for (int i = 0; i < mean.logs.length; i++) {
        mean.variances[i] += other.variances[i];
      }
    }
    for (int i = 0; i < mean.shadow.length; i++) {
      mean.shadow[i] /= averages.size();
    }
    for (int i = 0; i < mean.logs.length; i++) {
      mean.variances[i] /= averages.size();
      mean.shadow[mean.logs[i]] = log10Deviation(mean.variances[i]);
    }
    return mean;
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
    move(params, decay);
  }

  /** Takes in weights with a given decay: {@code decay * shadow + (1 - decay) * params}. */
  public void move(float[] params, double decay) {
    float[] before = shadow.clone();
    float weight = (float) (1 - decay);
    for (int i = 0; i < params.length; i++) {
      // Rounded from the nearer end: a weight above a half leaves less behind.
      shadow[i] =
          weight < 0.5f
              ? shadow[i] - weight * (shadow[i] - params[i])
              : params[i] - (params[i] - shadow[i]) * (float) decay;
    }
    for (int i = 0; i < logs.length; i++) {
      double v = variances[i];
      double p = variance(params[logs[i]]);
      variances[i] = 1 - decay < 0.5 ? v - (1 - decay) * (v - p) : p - decay * (p - v);
      if (decay > 0) {
        shadow[logs[i]] = variances[i] == v ? before[logs[i]] : log10Deviation(variances[i]);
      }
    }
    updates++;
    initialShare *= decay;
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
