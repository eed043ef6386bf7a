// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.experiments;

import io.github.ema4j.core.schedule.DecaySchedule;
import io.github.ema4j.examples.Recipe;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.learning.config.RmsProp;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.schedule.ScheduleType;
import org.nd4j.linalg.schedule.StepSchedule;

/** What is trained, how, and which averages are compared with the raw weights. */
enum Experiment {
  /** The usual case. */
  CONSTANT_RATE(
      Recipe.CNN,
      0,
      3,
      "Nesterov momentum 0.9, learning rate 0.05 throughout",
      constant(0.9, 0.99, 0.998)) {
    @Override
    IUpdater updater(int iterations) {
      return new Nesterovs(0.05, 0.9);
    }

    @Override
    List<Claim> claims() {
      return List.of(
          Claim.isBetter("EMA 0.9"),
          Claim.isBetter("EMA 0.99"),
          Claim.isAlwaysAboveRaw("EMA 0.99"));
    }
  },

  /** As EfficientNet and MobileNet are trained, for which timm's averaging was made. */
  RMSPROP(
      Recipe.CNN,
      0,
      3,
      "RMSprop (decay 0.9, epsilon 0.001), learning rate 0.01, times 0.97 every 2.4 epochs",
      constant(0.9, 0.99, 0.998)) {
    @Override
    IUpdater updater(int iterations) {
      return RmsProp.builder()
          .learningRate(0.01)
          .learningRateSchedule(new StepSchedule(ScheduleType.EPOCH, 0.01, 0.97, 2.4))
          .rmsDecay(0.9)
          .epsilon(1e-3)
          .build();
    }

    @Override
    List<Claim> claims() {
      return List.of(
          Claim.isBetter("EMA 0.9"),
          Claim.isBetter("EMA 0.99"),
          Claim.givesMostOfTheGain("EMA 0.9", "EMA 0.99"));
    }
  },

  /** Where the raw weights run after each wrong label of the last batches. */
  NOISY_LABELS(
      Recipe.MLP,
      0.3,
      5,
      "30 % of the training labels wrong; SGD, learning rate 0.1 throughout",
      constant(0.99, 0.998, 0.999)) {
    @Override
    IUpdater updater(int iterations) {
      return new Sgd(0.1);
    }

    @Override
    List<Claim> claims() {
      return List.of(
          Claim.everyAverageIsBetter(averageNames()),
          Claim.variesLess("EMA 0.99"),
          Claim.hasTheLargerLoss("EMA 0.999", "EMA 0.99"));
    }
  },

  /** Where averaging gives nothing: constant-rate with a learning rate that falls to 0. */
  ANNEALED(
      Recipe.CNN,
      0,
      3,
      "Nesterov momentum 0.9, learning rate from 0.05 to 0 in a straight line",
      constant(0.9, 0.99, 0.998)) {
    @Override
    IUpdater updater(int iterations) {
      return new Nesterovs(new LinearToZero(0.05, iterations), 0.9);
    }

    @Override
    List<Claim> claims() {
      return List.of(
          Claim.gainsNothing("EMA 0.9", 0.5),
          Claim.gainsNothing("EMA 0.99", 0.5),
          Claim.isWorse("EMA 0.998"));
    }
  },

  /** noisy-labels with a decay that is too large for so short a run, with and without warm-up. */
  WRONG_DECAY(
      Recipe.MLP,
      0.3,
      5,
      "30 % of the training labels wrong; SGD, learning rate 0.1 throughout",
      wrongAndRight()) {
    @Override
    IUpdater updater(int iterations) {
      return new Sgd(0.1);
    }

    @Override
    List<Claim> claims() {
      return List.of(
          Claim.isBetter("EMA 0.999"),
          Claim.isWorse("EMA 0.9999"),
          Claim.isAsGoodAs("EMA 0.9999 with warm-up", "EMA 0.999", 0.5));
    }
  };

  /** Passes over the training images unless told otherwise. */
  static final int EPOCHS = 10;

  private final Recipe recipe;
  private final double wrongLabels;
  private final int seeds;
  private final String settings;
  private final Map<String, DecaySchedule> averages;

  Experiment(
      Recipe recipe,
      double wrongLabels,
      int seeds,
      String settings,
      Map<String, DecaySchedule> averages) {
    this.recipe = recipe;
    this.wrongLabels = wrongLabels;
    this.seeds = seeds;
    this.settings = settings;
    this.averages = averages;
  }

  private static Map<String, DecaySchedule> constant(double... decays) {
    Map<String, DecaySchedule> averages = new LinkedHashMap<>();
    for (double decay : decays) {
      averages.put("EMA " + decay, DecaySchedule.constant(decay));
    }
    return averages;
  }

  private static Map<String, DecaySchedule> wrongAndRight() {
    Map<String, DecaySchedule> averages = constant(0.999, 0.9999);
    averages.put("EMA 0.9999 with warm-up", DecaySchedule.inversePower(0.9999));
    return averages;
  }

  /**
   * How the weights are updated.
   *
   * @param iterations of the whole run
   */
  abstract IUpdater updater(int iterations);

  /** What the results at full length show, whatever the processor. */
  abstract List<Claim> claims();

  /** Network and batch size. */
  Recipe recipe() {
    return recipe;
  }

  /** Share of the training labels that are wrong, 0 to 1. */
  double wrongLabels() {
    return wrongLabels;
  }

  /** From how many seeds to train unless told otherwise. */
  int seeds() {
    return seeds;
  }

  /** How it is trained, in words. */
  String settings() {
    return settings;
  }

  /** The names of the averages, in the order of {@link #schedules}. */
  List<String> averageNames() {
    return List.copyOf(averages.keySet());
  }

  /** The averages that are kept. */
  List<DecaySchedule> schedules() {
    return List.copyOf(averages.values());
  }

  /** As typed on the command line. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
