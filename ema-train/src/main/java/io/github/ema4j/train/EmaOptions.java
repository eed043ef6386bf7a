// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.AveragingUnit;
import io.github.ema4j.core.NonFinitePolicy;
import io.github.ema4j.core.schedule.DecaySchedule;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.ParameterSelection;
import io.github.ema4j.train.error.UserError;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Whether and how the weights are averaged; timm's flags first, then what timm does not have. */
final class EmaOptions {

  private static final String AUTO = "auto";

  /** The decay that timm's warm-up rises to by default. */
  private static final String LARGEST_OF_TIMM = "0.9998";

  /** Where the batch-norm statistics of averaged weights come from. */
  enum BatchNorm {
    AVERAGE,
    COPY,
    RECALIBRATE;

    @Override
    public String toString() {
      return Names.of(this);
    }
  }

  /** What half-lives, starts and decays are in. */
  enum Unit {
    STEPS,
    EXAMPLES,
    EPOCHS;

    @Override
    public String toString() {
      return Names.of(this);
    }
  }

  /** What happens when the raw weights are not finite after a step. */
  enum NonFinite {
    SKIP(NonFinitePolicy.SKIP),
    RESTORE(NonFinitePolicy.RESTORE);

    private final NonFinitePolicy policy;

    NonFinite(NonFinitePolicy policy) {
      this.policy = policy;
    }

    @Override
    public String toString() {
      return Names.of(this);
    }
  }

  @Option(
      names = "--model-ema",
      negatable = true,
      defaultValue = "false",
      fallbackValue = "true",
      description = "Keep an average of the weights, and validate it too (default: no).")
  private boolean enabled;

  @Option(
      names = "--model-ema-decay",
      paramLabel = "D[,D...]",
      hideParamSyntax = true,
      split = ",",
      defaultValue = AUTO,
      description =
          "Decay of the average, 0 to 1, or auto, which averages over a share of the run so far"
              + " and fits any length (default: ${DEFAULT-VALUE}; timm: 0.9998). Several, as in"
              + " auto,0.99, keep an average each.")
  private List<String> decays;

  @Option(
      names = "--model-ema-warmup",
      negatable = true,
      defaultValue = "false",
      fallbackValue = "true",
      description =
          "Let the decay rise as timm's ModelEmaV3 does: 1 - n^(-2/3) at update n, up to the decay"
              + " given, 0.9998 if none is (default: no).")
  private boolean warmup;

  @Option(
      names = "--model-ema-force-cpu",
      negatable = true,
      defaultValue = "false",
      fallbackValue = "true",
      description =
          "Keep averages in host memory, also on a GPU; unlike in timm they are validated all the"
              + " same (default: no).")
  private boolean forceCpu;

  @Option(
      names = "--model-ema-schedule",
      paramLabel = "SPEC[;SPEC...]",
      hideParamSyntax = true,
      split = ";",
      description =
          "Any schedule of the library instead of decay and warm-up, as in"
              + " 'exponential-ramp(decay=0.999, tau=2000)'; several, separated by ';' or by giving"
              + " the option again, keep an average each.")
  private List<String> schedules;

  @Option(
      names = "--model-ema-half-life",
      paramLabel = "H[,H...]",
      hideParamSyntax = true,
      split = ",",
      description =
          "Instead of a decay: after so many steps, examples or epochs the weight of what the average"
              + " has taken in has halved. Several keep an average each.")
  private List<Double> halfLives;

  @Option(
      names = "--model-ema-start",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "Steps, examples or epochs before averaging begins; until then the average is a copy of"
              + " the weights (default: ${DEFAULT-VALUE}).")
  private int start;

  @Option(
      names = "--model-ema-unit",
      paramLabel = "UNIT",
      defaultValue = "steps",
      description =
          "What the half-life, the start and any decay or schedule are in: steps, examples, or, for"
              + " half-life and start, epochs. Other than in steps, they do not depend on the batch"
              + " size, and a smaller last batch weighs less (default: ${DEFAULT-VALUE}).")
  private Unit unit;

  @Option(
      names = "--model-ema-interval",
      paramLabel = "K",
      defaultValue = "1",
      description =
          "Average at every K-th update, with the decay to the power of K (default:"
              + " ${DEFAULT-VALUE}).")
  private int interval;

  @Option(
      names = "--model-ema-bn",
      paramLabel = "HOW",
      defaultValue = "average",
      description =
          "Batch-norm statistics of averaged weights: average, copy (of the raw weights) or"
              + " recalibrate (on 2,048 training images, before each validation; default:"
              + " ${DEFAULT-VALUE}).")
  private BatchNorm batchNorm;

  @Option(
      names = "--model-ema-non-finite",
      paramLabel = "HOW",
      defaultValue = "skip",
      description =
          "When raw weights are NaN or infinite after an update: skip, which leaves them so, or"
              + " restore, which goes on from the average, the first one if there are several, at"
              + " most three times in a row (default: ${DEFAULT-VALUE}).")
  private NonFinite nonFinite;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  /**
   * One average to keep.
   *
   * @param name of it in all reports
   * @param schedule of its decay
   */
  record Average(String name, DecaySchedule schedule) {}

  boolean recalibrates() {
    return enabled && batchNorm == BatchNorm.RECALIBRATE;
  }

  /**
   * Checks the values, whatever the images.
   *
   * @throws UserError if a value is wrong, or options contradict each other
   */
  void check() {
    averages(1);
  }

  /**
   * The averages to keep, none without {@code --model-ema}.
   *
   * @param images in an epoch
   * @throws UserError if a value is wrong, or options contradict each other
   */
  List<Average> averages(int images) {
    if (!enabled) {
      refuseWithoutAverage();
      return List.of();
    }
    if (interval < 1) {
      throw new UserError("--model-ema-interval " + interval + ": it has to be 1 or more");
    }
    if (interval > 1 && unit != Unit.STEPS) {
      throw new UserError(
          "--model-ema-interval %d: counting %s, every step is an update"
              .formatted(interval, unit));
    }
    if (start < 0) {
      throw new UserError("--model-ema-start " + start + ": it has to be 0 or more");
    }
    List<Average> averages =
        halfLives != null ? ofHalfLives(images) : schedules != null ? ofSchedules() : ofDecays();
    Set<String> names = new HashSet<>();
    for (Average average : averages) {
      if (!names.add(average.name())) {
        throw new UserError(
            "the average " + average.name() + " is asked for twice: give each decay once");
      }
    }
    return averages;
  }

  private List<Average> ofHalfLives(int images) {
    if (schedules != null || warmup || isGiven("--model-ema-decay")) {
      throw new UserError(
          "--model-ema-half-life says all about the decay: leave out --model-ema-decay,"
              + " --model-ema-warmup and --model-ema-schedule");
    }
    List<Average> averages = new ArrayList<>();
    for (double halfLife : halfLives) {
      try {
        averages.add(
            new Average(
                "half-life %s %s".formatted(plain(halfLife), unit),
                unit == Unit.EPOCHS
                    ? DecaySchedule.halfLifeEpochs(halfLife, images)
                    : DecaySchedule.halfLife(halfLife)));
      } catch (IllegalArgumentException e) {
        throw new UserError("--model-ema-half-life " + halfLife + ": " + e.getMessage(), e);
      }
    }
    return averages;
  }

  /** Without the zero that Java writes after whole numbers. */
  private static String plain(double number) {
    return Double.toString(number).replaceFirst("\\.0$", "");
  }

  private void refuseInEpochs(String option) {
    if (unit == Unit.EPOCHS) {
      throw new UserError(
          "--model-ema-unit epochs: %s is per step or example; give --model-ema-half-life instead"
              .formatted(option));
    }
  }

  private List<Average> ofDecays() {
    if (warmup) {
      refuseInEpochs("the warm-up");
    }
    List<Average> averages = new ArrayList<>();
    boolean byWarmUpAlone = warmup && !isGiven("--model-ema-decay");
    for (String decay : byWarmUpAlone ? List.of(LARGEST_OF_TIMM) : decays) {
      try {
        averages.add(decay.equals(AUTO) ? ofAnyLength() : ofDecay(Double.parseDouble(decay)));
      } catch (IllegalArgumentException e) { // no number, or not one of these
        throw new UserError(
            "--model-ema-decay %s: it has to be a number from 0 to 1 such as 0.99, or auto"
                .formatted(decay),
            e);
      }
    }
    return averages;
  }

  private Average ofAnyLength() {
    if (warmup) {
      throw new UserError(
          "--model-ema-decay auto has its own warm-up: give a decay, or leave out"
              + " --model-ema-warmup");
    }
    return new Average(AUTO, new ModelEmaListener().config().schedule());
  }

  private Average ofDecay(double decay) {
    refuseInEpochs("--model-ema-decay " + decay);
    return new Average(
        Double.toString(decay),
        warmup ? DecaySchedule.inversePower(decay) : DecaySchedule.constant(decay));
  }

  private List<Average> ofSchedules() {
    if (warmup || isGiven("--model-ema-decay")) {
      throw new UserError(
          "--model-ema-schedule says all about the decay: leave out --model-ema-decay and"
              + " --model-ema-warmup");
    }
    refuseInEpochs("--model-ema-schedule");
    List<Average> averages = new ArrayList<>();
    for (String spec : schedules) {
      try {
        DecaySchedule schedule = DecaySchedule.parse(spec);
        averages.add(new Average(schedule.spec(), schedule));
      } catch (IllegalArgumentException e) {
        throw new UserError("--model-ema-schedule: " + e.getMessage(), e);
      }
    }
    return averages;
  }

  /** timm ignores them; a run of hours without the average asked for is worse than an error. */
  private void refuseWithoutAverage() {
    for (String option :
        List.of(
            "--model-ema-decay",
            "--model-ema-warmup",
            "--model-ema-force-cpu",
            "--model-ema-schedule",
            "--model-ema-half-life",
            "--model-ema-start",
            "--model-ema-unit",
            "--model-ema-interval",
            "--model-ema-bn",
            "--model-ema-non-finite")) {
      if (isGiven(option)) {
        throw new UserError(option + " needs --model-ema, without which no average is kept");
      }
    }
  }

  private boolean isGiven(String option) {
    return command.commandLine().getParseResult().hasMatchedOption(option);
  }

  /** A listener that keeps one of the averages. */
  ModelEmaListener listener(Average average) {
    return new ModelEmaListener(
        AveragingConfig.builder()
            .schedule(average.schedule())
            .unit(unit == Unit.STEPS ? AveragingUnit.STEPS : AveragingUnit.EXAMPLES)
            .startAfter(unit == Unit.EPOCHS ? 0 : start)
            .startAfterEpochs(unit == Unit.EPOCHS ? start : 0)
            .updateEvery(interval)
            .onNonFinite(nonFinite.policy)
            .shadowOnHost(forceCpu)
            .overlapped(!forceCpu)
            .build(),
        batchNorm == BatchNorm.COPY
            ? ParameterSelection.averageAll().copyBatchNormStatistics()
            : ParameterSelection.averageAll());
  }
}
