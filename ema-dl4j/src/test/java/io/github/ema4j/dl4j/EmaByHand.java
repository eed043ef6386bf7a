// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.ema4j.core.kernel.Ranges;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The average as a reader would write it, in plain Java, from a FLOAT network's parameters.
 * Registered after a ModelEmaListener of the same decay it demands after each update that both have
 * the same bits.
 */
final class EmaByHand extends BaseTrainingListener {

  private final ModelEmaListener ema;
  private final double decay;
  private final float weight;
  private final float[] shadow;
  // Of the elements that hold a variance as a logarithm; null until the first of these is met.
  private double[] variances;
  private int updates;

  EmaByHand(ModelEmaListener ema, double decay, INDArray start) {
    if (decay <= 0.5) {
      throw new IllegalArgumentException("Rounded otherwise below 0.5: " + decay);
    }
    this.ema = ema;
    this.decay = decay;
    weight = (float) (1 - decay);
    shadow = floats(start);
  }

  private static float[] floats(INDArray params) {
    return params.dup().data().asFloat();
  }

  void add(INDArray params) {
    float[] p = floats(params);
    Ranges logs = ema.average().coverage().log10Deviations();
    for (int i = 0, range = 0; i < p.length; i++) {
      while (range < logs.size() && logs.to(range) <= i) {
        range++;
      }
      if (range < logs.size() && logs.from(range) <= i) {
        addVariance(i, p[i]);
      } else {
        shadow[i] -= weight * (shadow[i] - p[i]);
      }
    }
    updates++;
  }

  private void addVariance(int i, float log) {
    if (variances == null) {
      variances = new double[shadow.length];
    }
    double before = variances[i] == 0 ? variance(shadow[i]) : variances[i];
    variances[i] = before - (1 - decay) * (before - variance(log));
    if (variances[i] != before) {
      shadow[i] = (float) (0.5 * Math.log10(variances[i]));
    }
  }

  private static double variance(double log10Deviation) {
    return Math.exp(2 * Math.log(10) * log10Deviation);
  }

  int updates() {
    return updates;
  }

  Bits bits() {
    return Bits.of(shadow);
  }

  @Override
  public void iterationDone(Model network, int iteration, int epoch) {
    add(network.params());
    assertEquals(bits(), Bits.of(ema.shadow()), "after update " + updates);
  }
}
