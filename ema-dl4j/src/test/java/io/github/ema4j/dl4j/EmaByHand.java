// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import static org.junit.jupiter.api.Assertions.assertEquals;

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
  private final float weight;
  private final float[] shadow;
  private int updates;

  EmaByHand(ModelEmaListener ema, double decay, INDArray start) {
    if (decay <= 0.5) {
      throw new IllegalArgumentException("Rounded otherwise below 0.5: " + decay);
    }
    this.ema = ema;
    weight = (float) (1 - decay);
    shadow = floats(start);
  }

  private static float[] floats(INDArray params) {
    return params.dup().data().asFloat();
  }

  void add(INDArray params) {
    float[] p = floats(params);
    for (int i = 0; i < p.length; i++) {
      shadow[i] -= weight * (shadow[i] - p[i]);
    }
    updates++;
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
