// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import io.github.ema4j.train.error.UserError;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.learning.config.RmsProp;
import org.nd4j.linalg.learning.config.Sgd;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The optimizer and its learning rate. */
final class OptimizerOptions {

  /** An optimizer with the learning rate that it has by default. */
  enum Optimizer {
    SGD(0.05),
    MOMENTUM(0.01),
    ADAM(0.001),
    RMSPROP(0.001);

    private final double learningRate;

    Optimizer(double learningRate) {
      this.learningRate = learningRate;
    }

    @Override
    public String toString() {
      return Names.of(this);
    }
  }

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(
      names = "--opt",
      paramLabel = "NAME",
      defaultValue = "momentum",
      description =
          "Optimizer: sgd (plain), momentum (Nesterov, timm's sgd), adam or rmsprop (default:"
              + " ${DEFAULT-VALUE}).")
  private Optimizer optimizer;

  @Option(
      names = "--lr",
      paramLabel = "RATE",
      description =
          "Learning rate (default: 0.05 for sgd, 0.01 for momentum, 0.001 for adam and rmsprop).")
  private Double learningRate;

  @Option(
      names = "--momentum",
      paramLabel = "M",
      defaultValue = "0.9",
      description = "Momentum of --opt momentum, 0 to below 1 (default: ${DEFAULT-VALUE}).")
  private double momentum;

  @Option(
      names = "--weight-decay",
      paramLabel = "W",
      defaultValue = "0",
      description = "L2 penalty on the weights (default: ${DEFAULT-VALUE}).")
  private double weightDecay;

  @Option(
      names = "--sched",
      paramLabel = "NAME",
      defaultValue = "constant",
      description =
          "Learning rate from epoch to epoch: constant, cosine, step or exponential (default:"
              + " ${DEFAULT-VALUE}; averaging gains most where the rate does not fall to 0).")
  private LearningRates.Shape shape;

  @Option(
      names = "--decay-epochs",
      paramLabel = "N",
      defaultValue = "30",
      description =
          "Epochs in which step and exponential fall by the decay rate (default:"
              + " ${DEFAULT-VALUE}).")
  private double decayEpochs;

  @Option(
      names = "--decay-rate",
      paramLabel = "F",
      defaultValue = "0.1",
      description = "Factor of step and exponential (default: ${DEFAULT-VALUE}).")
  private double decayRate;

  @Option(
      names = "--min-lr",
      paramLabel = "RATE",
      defaultValue = "0",
      description = "Learning rate that cosine falls to (default: ${DEFAULT-VALUE}).")
  private double minimum;

  @Option(
      names = "--warmup-epochs",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "Epochs in which the learning rate rises linearly to --lr (default: ${DEFAULT-VALUE}).")
  private int warmupEpochs;

  @Option(
      names = "--warmup-lr",
      paramLabel = "RATE",
      defaultValue = "1e-5",
      description = "Learning rate of the first warm-up epoch (default: ${DEFAULT-VALUE}).")
  private double warmupStart;

  /**
   * Puts the learning rate that depends on the optimizer in place, and checks all values.
   *
   * @throws UserError naming option, value and limit
   */
  void complete() {
    if (optimizer != Optimizer.MOMENTUM
        && command.commandLine().getParseResult().hasMatchedOption("--momentum")) {
      throw new UserError("--momentum is for --opt momentum, which timm calls sgd");
    }
    if (learningRate == null) {
      learningRate = optimizer.learningRate;
    }
    require(learningRate > 0 && Double.isFinite(learningRate), "--lr", learningRate, "above 0");
    require(momentum >= 0 && momentum < 1, "--momentum", momentum, "at least 0 and below 1");
    require(weightDecay >= 0, "--weight-decay", weightDecay, "0 or more");
    require(decayEpochs > 0, "--decay-epochs", decayEpochs, "above 0");
    require(decayRate > 0 && decayRate <= 1, "--decay-rate", decayRate, "above 0, at most 1");
    require(minimum >= 0 && minimum <= learningRate, "--min-lr", minimum, "from 0 to --lr");
    require(warmupEpochs >= 0, "--warmup-epochs", warmupEpochs, "0 or more");
    require(warmupStart > 0, "--warmup-lr", warmupStart, "above 0");
  }

  private static void require(boolean holds, String option, Number value, String limit) {
    if (!holds) {
      throw new UserError(option + " " + value + ": it has to be " + limit);
    }
  }

  double learningRate() {
    return learningRate;
  }

  LearningRates learningRates(int epochs) {
    return new LearningRates(
        shape, learningRate, epochs, minimum, decayEpochs, decayRate, warmupEpochs, warmupStart);
  }

  IUpdater updater() {
    return switch (optimizer) {
      case SGD -> new Sgd(learningRate);
      case MOMENTUM -> new Nesterovs(learningRate, momentum);
      case ADAM -> new Adam(learningRate);
      case RMSPROP -> new RmsProp(learningRate);
    };
  }

  double weightDecay() {
    return weightDecay;
  }
}
