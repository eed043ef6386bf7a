// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.parallel;

import io.github.ema4j.core.schedule.DecaySchedule;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The average as a reader would write it, in plain Java, with the decays of several steps. */
final class EmaByHand {

  private final DecaySchedule schedule;
  private final float[] shadow;
  private long steps;
  private int updates;
  private double initialShare = 1;

  EmaByHand(DecaySchedule schedule, INDArray start) {
    this.schedule = schedule;
    shadow = Scene.floats(start);
  }

  void update(INDArray params, long interval) {
    update(Scene.floats(params), interval);
  }

  void update(float[] params, long interval) {
    double decay = 1;
    for (long i = 0; i < interval; i++) {
      decay *= schedule.decayAt(++steps);
    }
    move(params, decay);
    updates++;
    initialShare *= decay;
  }

  private void move(float[] params, double decay) {
    float weight = (float) (1 - decay);
    for (int i = 0; i < params.length; i++) {
      shadow[i] =
          weight < 0.5f
              ? shadow[i] - weight * (shadow[i] - params[i])
              : params[i] - (params[i] - shadow[i]) * (float) decay;
    }
  }

  float[] shadow() {
    return shadow.clone();
  }

  int updates() {
    return updates;
  }

  double initialShare() {
    return initialShare;
  }
}
