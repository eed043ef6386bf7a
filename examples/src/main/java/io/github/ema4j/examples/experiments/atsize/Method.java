// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.experiments.atsize;

import java.util.Locale;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.learning.config.RmsProp;
import org.nd4j.linalg.schedule.ScheduleType;
import org.nd4j.linalg.schedule.StepSchedule;

/** How the weights are updated. */
enum Method {
  CONSTANT("Nesterov momentum 0.9, learning rate 0.05 throughout") {
    @Override
    IUpdater updater(int iterations) {
      return new Nesterovs(RATE, MOMENTUM);
    }
  },

  COSINE("Nesterov momentum 0.9, learning rate from 0.05 to 0 along half a cosine") {
    @Override
    IUpdater updater(int iterations) {
      return new Nesterovs(new CosineToZero(RATE, iterations), MOMENTUM);
    }
  },

  /** As EfficientNet and MobileNet are trained, for which timm's averaging was made. */
  RMSPROP("RMSprop (decay 0.9, epsilon 0.001), learning rate 0.01, times 0.97 every 2.4 epochs") {
    @Override
    IUpdater updater(int iterations) {
      return RmsProp.builder()
          .learningRate(0.01)
          .learningRateSchedule(new StepSchedule(ScheduleType.EPOCH, 0.01, 0.97, 2.4))
          .rmsDecay(0.9)
          .epsilon(1e-3)
          .build();
    }
  };

  private static final double RATE = 0.05;
  private static final double MOMENTUM = 0.9;

  private final String words;

  Method(String words) {
    this.words = words;
  }

  /**
   * The updater.
   *
   * @param iterations of the whole run
   */
  abstract IUpdater updater(int iterations);

  /** What it is, in words. */
  String words() {
    return words;
  }

  /** As typed on the command line and written to files. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
