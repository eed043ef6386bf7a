// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.schedule;

/**
 * How strongly an average holds on to its past at each update: the decay in {@code shadow = decay *
 * shadow + (1 - decay) * params}.
 *
 * <p>A schedule is a small immutable value. It knows only the number of the update, counted from 1,
 * and so can be read, plotted and tested without a network. Where an average is updated after every
 * optimizer step, updates are steps; where an update stands for several steps it has the decays of
 * all of them ({@link #decayOver}), so that a decay, window or half-life is always per step. An
 * average that counts examples asks with numbers of these, and all that is said here of steps and
 * updates is of examples then. The static factories are named as the systems they come from name
 * them; each documents its formula and source.
 *
 * <p>Implementations must be immutable, thread-safe and return values in [0, 1]. A custom schedule
 * needs {@link #decayAt} and {@link #spec}; the latter identifies it in saved files.
 */
public interface DecaySchedule {

  /**
   * The decay of one update.
   *
   * @param update number of the update, from 1
   * @return decay in [0, 1]; 0 copies the parameters, 1 leaves the shadow as it is
   */
  double decayAt(long update);

  /**
   * The decay of one update that stands for all of {@code first..last}: the product of their
   * decays.
   *
   * <p>For a constant decay and k updates this is {@code decay^k}; for {@link #uniform} and {@link
   * #powerFunction} the product is again that same average over the sampled parameters.
   *
   * @param first number of the first update, from 1
   * @param last number of the last update, not below {@code first}
   * @return decay in [0, 1]
   */
  default double decayOver(long first, long last) {
    double product = 1;
    for (long update = first; update <= last && product > 0; update++) {
      product *= decayAt(update);
    }
    return product;
  }

  /**
   * A stable textual form such as {@code constant(decay=0.999)}: written into saved state, compared
   * when training resumes, and understood by {@link #parse} for the schedules of this package.
   *
   * @return the textual form
   */
  String spec();

  /**
   * Reads the textual form of a schedule of this package. Every factory has one; what {@link #spec}
   * returns is one of them, and names all arguments. Those with a default may be left out, as in
   * {@code inverse-power(decay=0.999)}: gamma 1, power 2/3, min 0 and after 0 of inverse-power, tau
   * 2000 of exponential-ramp, momentum 0.0002 and gamma 100 of momentum-annealing, fraction 0.05 of
   * half-life-fraction, sigmaRel 0.05 of power-function.
   *
   * @param spec such as {@code constant(decay=0.999)}; arguments by name, in any order
   * @return the schedule, equal to the one that wrote the text
   * @throws IllegalArgumentException if the text is not such a form or its values are out of range
   */
  static DecaySchedule parse(String spec) {
    return ScheduleSpec.parse(spec);
  }

  /**
   * The same decay at every update.
   *
   * @param decay in [0, 1], typically 0.99 to 0.9999
   * @return the schedule
   */
  static DecaySchedule constant(double decay) {
    return new ConstantDecay(decay);
  }

  /**
   * A constant decay, given by the number of optimizer steps after which a weight's influence has
   * halved: {@code 0.5^(1/steps)}, as in Composer and EDM2.
   *
   * @param steps half-life in optimizer steps, above 0
   * @return the schedule
   */
  static DecaySchedule halfLife(double steps) {
    Arguments.positive(steps, "halfLife");
    return new ConstantDecay(Math.pow(0.5, 1 / steps));
  }

  /**
   * A constant decay, given by the number of epochs after which a weight's influence has halved, as
   * in Composer: {@code halfLife(epochs * perEpoch)}.
   *
   * @param epochs half-life in epochs, above 0; need not be whole
   * @param perEpoch steps in an epoch, or examples where the average counts these; at least 1
   * @return the schedule
   */
  static DecaySchedule halfLifeEpochs(double epochs, long perEpoch) {
    Arguments.positive(epochs, "epochs");
    Arguments.atLeast(perEpoch, 1, "perEpoch");
    return halfLife(epochs * perEpoch);
  }

  /**
   * A constant decay, given by the number of recent optimizer steps that it averages over: {@code 1
   * - 1/steps}.
   *
   * @param steps window in optimizer steps, at least 1
   * @return the schedule
   */
  static DecaySchedule window(double steps) {
    if (!(steps >= 1) || Double.isInfinite(steps)) {
      throw new IllegalArgumentException(
          "window must be at least 1 step and finite, but was " + steps);
    }
    return new ConstantDecay(1 - 1 / steps);
  }

  /**
   * A constant decay, given by the number of recent epochs that it averages over: {@code
   * window(epochs * perEpoch)}.
   *
   * @param epochs window in epochs, above 0; need not be whole
   * @param perEpoch steps in an epoch, or examples where the average counts these; at least 1
   * @return the schedule
   */
  static DecaySchedule windowEpochs(double epochs, long perEpoch) {
    Arguments.positive(epochs, "epochs");
    Arguments.atLeast(perEpoch, 1, "perEpoch");
    return window(epochs * perEpoch);
  }

  /**
   * Inverse-power warm-up of timm's {@code ModelEmaV3} with its default constants: gamma 1, power
   * 2/3, no minimum, from the first update. Reaches 0.999 after 31,600 updates and 0.9999 after a
   * million.
   *
   * @param decay the largest decay, in [0, 1]
   * @return the schedule
   */
  static DecaySchedule inversePower(double decay) {
    return new InversePower(decay, 1, 2.0 / 3, 0, 0);
  }

  /**
   * Inverse-power warm-up of timm's {@code ModelEmaV3}, with timm's step numbering: {@code s =
   * max(0, update - updateAfterStep - 1)}; decay 0 while {@code s} is 0, then {@code 1 - (1 +
   * s/gamma)^-power}, clamped to {@code [minDecay, decay]}.
   *
   * @param decay the largest decay, in [0, 1]
   * @param gamma stretches the warm-up, above 0
   * @param power exponent, above 0; 2/3 for runs of a million updates, 3/4 for shorter ones
   * @param minDecay the smallest decay once averaging has begun, in [0, decay]
   * @param updateAfterStep updates before averaging begins, at least 0
   * @return the schedule
   */
  static DecaySchedule inversePower(
      double decay, double gamma, double power, double minDecay, long updateAfterStep) {
    return new InversePower(decay, gamma, power, minDecay, updateAfterStep);
  }

  /**
   * Copies the parameters during the first updates and follows another schedule after them.
   * PyTorch's {@code AveragedModel}, Keras, and timm's {@code ModelEmaV3} called with a step are
   * {@code copyFirst(1, constant(decay))}.
   *
   * @param updates how many updates copy, at least 0
   * @param then asked for all later updates, with their number counted from the very first update
   * @return the schedule
   */
  static DecaySchedule copyFirst(long updates, DecaySchedule then) {
    return new CopyFirst(updates, then);
  }

  /**
   * TensorFlow's {@code num_updates} ramp, also that of pytorch_ema: {@code min(decay, (1 + update)
   * / (10 + update))}. Reaches 0.999 after 8,990 updates. diffusers copies at its first step and
   * then counts from 1: this schedule with {@code startAfter(1)}.
   *
   * @param decay the largest decay, in [0, 1]
   * @return the schedule
   */
  static DecaySchedule numUpdates(double decay) {
    return new NumUpdates(decay);
  }

  /**
   * Exponential ramp of Ultralytics' {@code ModelEMA}: {@code decay * (1 - exp(-update / tau))}.
   *
   * @param decay the limit, in [0, 1]; Ultralytics uses 0.9999
   * @param tau time constant in updates, above 0; Ultralytics uses 2000
   * @return the schedule
   */
  static DecaySchedule exponentialRamp(double decay, double tau) {
    return new ExponentialRamp(decay, tau);
  }

  /**
   * Hyperbolic annealing of MMEngine's {@code MomentumAnnealingEMA}: {@code 1 - max(momentum, gamma
   * / (gamma + update - 1))}. The first update copies.
   *
   * @param momentum the smallest weight of new parameters (one minus the final decay), in [0, 1];
   *     MMEngine uses 0.0002
   * @param gamma time constant in updates, above 0; MMEngine uses 100
   * @return the schedule
   */
  static DecaySchedule momentumAnnealing(double momentum, double gamma) {
    return new MomentumAnnealing(momentum, gamma);
  }

  /**
   * Linear ramp of pytorch-ignite's {@code EMAHandler}, told in decays instead of momenta: {@code
   * startDecay} at update 1, {@code decay} from update {@code updates} on, a straight line between.
   *
   * @param startDecay decay of the first update, in [0, 1]
   * @param decay decay after the ramp, in [0, 1]
   * @param updates length of the ramp, at least 1
   * @return the schedule
   */
  static DecaySchedule linearRamp(double startDecay, double decay, long updates) {
    return new LinearRamp(startDecay, decay, updates);
  }

  /**
   * Rises or falls along half a cosine, as the teachers of self-supervised learning do (BYOL, DINO;
   * {@code cosine_schedule} of lightly): {@code end - (end - start) * (cos(pi * (update - 1) /
   * (updates - 1)) + 1) / 2} before update {@code updates}, {@code end} from it on. BYOL and DINO
   * divide by {@code updates} instead: pass one more.
   *
   * @param start decay of the first update, in [0, 1]; 0.996 in lightly
   * @param end decay from the last update of the ramp on, in [0, 1]; 1 there, which stands still
   * @param updates length of the ramp, at least 1
   * @return the schedule
   */
  static DecaySchedule cosine(double start, double end, long updates) {
    return new CosineRamp(start, end, updates);
  }

  /**
   * A constant decay with bias correction: {@code decay * (1 - decay^(update - 1)) / (1 -
   * decay^update)}. The average is that of a start at zero, divided by {@code 1 - decay^update}, as
   * TensorFlow's {@code zero_debias} and optax's {@code ema(debias=True)} have it, without a second
   * vector. The initial weights have no share from the first update on.
   *
   * @param decay in [0, 1), typically 0.99 to 0.9999
   * @return the schedule
   */
  static DecaySchedule debiased(double decay) {
    return new Debiased(decay);
  }

  /**
   * A half-life that is a share of the updates so far, as torchtitan's default: {@code 2^(-1 /
   * (fraction * update))}. For long runs close to {@link #powerFunction}, whose exponent {@code 1 +
   * gamma} is then {@code ln 2 / fraction}: 0.05 is nearly {@code powerFunction(0.063)}.
   *
   * @param fraction half-life as a share of the updates so far, above 0; 0.05 in torchtitan
   * @return the schedule
   */
  static DecaySchedule halfLifeFraction(double fraction) {
    return new HalfLifeFraction(fraction);
  }

  /**
   * The plain mean of all parameters seen, as in stochastic weight averaging (Izmailov et al. 2018,
   * arXiv 1803.05407): {@code 1 - 1/update}.
   *
   * @return the schedule
   */
  static DecaySchedule uniform() {
    return new UniformAverage();
  }

  /**
   * Power-function average of EDM2 (Karras et al. 2024, arXiv 2312.02696): {@code (1 - 1/update)^(1
   * + gamma)}. Its window grows with training and stays the same share of it.
   *
   * @param sigmaRel width of the averaging profile relative to the training length so far, above 0
   *     and below 0.28867513 (1/sqrt(12), where gamma would be 0); EDM2 stores 0.05 and 0.10
   * @return the schedule
   */
  static DecaySchedule powerFunction(double sigmaRel) {
    return new PowerFunction(sigmaRel);
  }
}
