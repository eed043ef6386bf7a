// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import io.github.ema4j.dl4j.internal.Networks;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notices a listener that changes weights after the average has taken them in, such as one that
 * clips them: the average would be of weights that the network never has. Looks at some of the
 * weights after the 1st, 2nd, 4th, 8th ... step, and only where there are listeners that come
 * later.
 */
final class LateChanges {

  private static final Logger log = LoggerFactory.getLogger(ModelEmaListener.class);
  private static final int MOST_SAMPLES = 1000;

  private long steps;
  private double[] taken = {}; // weights as the average has taken them in; empty if not looked at
  private boolean warned;

  void afterStep(Model network, EmaListener ema) {
    steps++;
    boolean looks = !warned && Long.bitCount(steps) == 1 && !later(network, ema).isEmpty();
    taken = looks ? sample(network.params()) : new double[0];
  }

  /** Weights that change before the next step are changed by whom it is for to do. */
  void forget() {
    taken = new double[0];
  }

  void beforeStep(Model network, EmaListener ema) {
    if (taken.length > 0 && !Arrays.equals(taken, sample(network.params()))) {
      warned = true;
      log.warn(
          "The weights were changed after the average had taken them in, so that it is of others"
              + " than the network has. Of the listeners {}, which come later, the one that changes"
              + " weights has to come first: net.setListeners(that, ema)",
          later(network, ema));
    }
    taken = new double[0];
  }

  private static List<String> later(Model network, EmaListener ema) {
    List<TrainingListener> all = new ArrayList<>(Networks.listeners(network));
    int own = all.indexOf(ema);
    return own < 0
        ? List.of()
        : all.subList(own + 1, all.size()).stream()
            .map(listener -> listener.getClass().getName())
            .toList();
  }

  private static double[] sample(INDArray params) {
    long every = 1 + (params.length() - 1) / MOST_SAMPLES;
    double[] sample = new double[(int) ((params.length() + every - 1) / every)];
    for (int i = 0; i < sample.length; i++) {
      sample[i] = params.getDouble(i * every);
    }
    return sample;
  }
}
