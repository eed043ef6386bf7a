// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

/**
 * The learning rate of each epoch, as timm's schedulers give it: constant within an epoch, and a
 * function of the epoch alone, so that a resumed run goes on where it was.
 *
 * @param shape how the rate falls
 * @param base rate at the start, after any warm-up
 * @param epochs of the whole run, over which {@link Shape#COSINE} falls
 * @param least rate that {@link Shape#COSINE} falls to
 * @param decayEpochs epochs in which {@link Shape#STEP} and {@link Shape#EXPONENTIAL} fall by the
 *     factor {@code decayRate}
 * @param decayRate that factor
 * @param warmupEpochs epochs in which the rate rises linearly to {@code base}, 0 for none; they
 *     count, as in timm, among the epochs of the schedule
 * @param warmupStart rate of the first epoch of the warm-up
 */
record LearningRates(
    Shape shape,
    double base,
    int epochs,
    double least,
    double decayEpochs,
    double decayRate,
    int warmupEpochs,
    double warmupStart) {

  /** How the rate falls. */
  enum Shape {
    CONSTANT,
    COSINE,
    STEP,
    EXPONENTIAL;

    @Override
    public String toString() {
      return Names.of(this);
    }
  }

  /** The rate of an epoch, which counts from 0. */
  double at(int epoch) {
    if (epoch < warmupEpochs) {
      return warmupStart + epoch * (base - warmupStart) / warmupEpochs;
    }
    return switch (shape) {
      case CONSTANT -> base;
      case COSINE -> least + 0.5 * (base - least) * (1 + Math.cos(Math.PI * epoch / epochs));
      case STEP -> base * Math.pow(decayRate, Math.floor(epoch / decayEpochs));
      case EXPONENTIAL -> base * Math.pow(decayRate, epoch / decayEpochs);
    };
  }
}
