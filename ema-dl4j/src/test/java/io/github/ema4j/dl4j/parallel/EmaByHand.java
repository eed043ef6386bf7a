// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.parallel;

import io.github.ema4j.core.kernel.Ranges;
import io.github.ema4j.core.schedule.DecaySchedule;
import io.github.ema4j.dl4j.selection.ParameterSelection;
import java.util.Arrays;
import org.deeplearning4j.nn.api.Model;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The average as a reader would write it, in plain Java, with the decays of several steps. */
final class EmaByHand {

  private final DecaySchedule schedule;
  private final float[] shadow;
  private final Ranges logs;
  private final double[] variances; // where the vector holds a variance as a logarithm
  private long steps;
  private int updates;
  private double initialShare = 1;

  EmaByHand(DecaySchedule schedule, Model network) {
    this.schedule = schedule;
    shadow = Scene.floats(network.params());
    logs = ParameterSelection.averageAll().of(network).log10Deviations();
    variances = new double[shadow.length];
    Arrays.setAll(variances, i -> variance(shadow[i]));
  }

  private static double variance(double log10Deviation) {
    return Math.exp(2 * Math.log(10) * log10Deviation);
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
    float[] before = shadow.clone();
    for (int i = 0; i < params.length; i++) {
      shadow[i] =
          weight < 0.5f
              ? shadow[i] - weight * (shadow[i] - params[i])
              : params[i] - (params[i] - shadow[i]) * (float) decay;
    }
    for (int range = 0; range < logs.size(); range++) {
      for (int i = (int) logs.from(range); i < logs.to(range); i++) {
        double v = variances[i];
        double p = variance(params[i]);
        variances[i] = 1 - decay < 0.5 ? v - (1 - decay) * (v - p) : p - decay * (p - v);
        shadow[i] =
            decay == 0
                ? params[i]
                : variances[i] == v ? before[i] : (float) (0.5 * Math.log10(variances[i]));
      }
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
