// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core;

import io.github.ema4j.core.schedule.DecaySchedule;
import java.util.Objects;
import java.util.Optional;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * How to average: schedule, cadence, precision and what to do about non-finite parameters.
 * Immutable and thread-safe.
 *
 * <pre>{@code
 * AveragingConfig config = AveragingConfig.builder()
 *     .schedule(DecaySchedule.inversePower(0.9999))
 *     .updateEvery(10)
 *     .build();
 * }</pre>
 */
public final class AveragingConfig {

  private final DecaySchedule schedule;
  private final DataType shadowType;
  private final int updateEvery;
  private final boolean correctDecayForInterval;
  private final AveragingUnit unit;
  private final long startAfter;
  private final int startAfterEpochs;
  private final NonFinitePolicy onNonFinite;
  private final boolean shadowOnHost;
  private final boolean inBackground;
  private final boolean overlapped;

  private AveragingConfig(Builder builder) {
    schedule = builder.schedule;
    shadowType = builder.shadowType;
    updateEvery = builder.updateEvery;
    correctDecayForInterval = builder.correctDecayForInterval;
    unit = builder.unit;
    startAfter = builder.startAfter;
    startAfterEpochs = builder.startAfterEpochs;
    onNonFinite = builder.onNonFinite;
    shadowOnHost = builder.shadowOnHost;
    inBackground = builder.inBackground;
    overlapped = builder.overlapped;
  }

  /**
   * Averaging after every step with a constant decay and defaults for the rest.
   *
   * @param decay in [0, 1], typically 0.99 to 0.9999
   * @return the configuration
   * @throws IllegalArgumentException if the decay is not in [0, 1]
   */
  public static AveragingConfig of(double decay) {
    return builder().decay(decay).build();
  }

  /**
   * Averaging after every step with a decay schedule and defaults for the rest.
   *
   * @param schedule the decay of each update
   * @return the configuration
   */
  public static AveragingConfig of(DecaySchedule schedule) {
    return builder().schedule(schedule).build();
  }

  /**
   * A builder with all defaults, and no decay yet.
   *
   * @return the builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * The decay schedule.
   *
   * @return the schedule
   */
  public DecaySchedule schedule() {
    return schedule;
  }

  /**
   * The data type of the shadow where one was asked for.
   *
   * @return FLOAT or DOUBLE, or empty for the default: DOUBLE for DOUBLE parameters, else FLOAT
   */
  public Optional<DataType> shadowType() {
    return Optional.ofNullable(shadowType);
  }

  /**
   * Steps from one update of the shadow to the next.
   *
   * @return at least 1
   */
  public int updateEvery() {
    return updateEvery;
  }

  /**
   * Whether the decay accounts for {@link #updateEvery}.
   *
   * @return true if an update applies the decays of all steps since the last one
   */
  public boolean correctDecayForInterval() {
    return correctDecayForInterval;
  }

  /**
   * What decays and starts are in.
   *
   * @return steps or examples
   */
  public AveragingUnit unit() {
    return unit;
  }

  /**
   * Steps, or examples, before averaging begins.
   *
   * @return at least 0
   */
  public long startAfter() {
    return startAfter;
  }

  /**
   * Epochs before averaging begins.
   *
   * @return at least 0
   */
  public int startAfterEpochs() {
    return startAfterEpochs;
  }

  /** Whether the shadow is a copy of the parameters at first. */
  boolean startsLater() {
    return startAfter > 0 || startAfterEpochs > 0;
  }

  /**
   * What happens when parameters are not finite.
   *
   * @return the policy
   */
  public NonFinitePolicy onNonFinite() {
    return onNonFinite;
  }

  /**
   * Whether the shadow lies in host memory of its own.
   *
   * @return true if it does; false if it is an array of ND4J like the parameters
   */
  public boolean shadowOnHost() {
    return shadowOnHost;
  }

  /**
   * Whether updates go on in the background.
   *
   * @return true if they do; then {@link #shadowOnHost} is true too
   */
  public boolean inBackground() {
    return inBackground;
  }

  /**
   * Whether updates go on while training does, without a copy of the parameters.
   *
   * @return true if they may; then {@link #shadowOnHost} is false
   */
  public boolean overlapped() {
    return overlapped;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof AveragingConfig that && toString().equals(that.toString());
  }

  @Override
  public int hashCode() {
    return toString().hashCode();
  }

  /** Every setting, the schedule by its textual form. */
  @Override
  public String toString() {
    return "schedule=%s, unit=%s, shadowType=%s, updateEvery=%d, correctDecayForInterval=%b, startAfter=%d, startAfterEpochs=%d, onNonFinite=%s, shadowOnHost=%b, inBackground=%b, overlapped=%b"
        .formatted(
            schedule.spec(),
            unit,
            shadowType == null ? "default" : shadowType,
            updateEvery,
            correctDecayForInterval,
            startAfter,
            startAfterEpochs,
            onNonFinite,
            shadowOnHost,
            inBackground,
            overlapped);
  }

  /** Builds an {@link AveragingConfig}. Each setter checks its value at once. */
  public static final class Builder {

    private DecaySchedule schedule;
    private DataType shadowType;
    private int updateEvery = 1;
    private boolean correctDecayForInterval = true;
    private AveragingUnit unit = AveragingUnit.STEPS;
    private long startAfter;
    private int startAfterEpochs;
    private NonFinitePolicy onNonFinite = NonFinitePolicy.SKIP;
    private boolean shadowOnHost;
    private boolean inBackground;
    private boolean overlapped;

    private Builder() {}

    /**
     * A constant decay.
     *
     * @param decay in [0, 1], typically 0.99 to 0.9999
     * @return this
     * @throws IllegalArgumentException if the decay is not in [0, 1]
     */
    public Builder decay(double decay) {
      return schedule(DecaySchedule.constant(decay));
    }

    /**
     * A decay schedule.
     *
     * @param schedule for example {@code DecaySchedule.inversePower(0.9999)}
     * @return this
     */
    public Builder schedule(DecaySchedule schedule) {
      this.schedule = Objects.requireNonNull(schedule, "schedule");
      return this;
    }

    /**
     * The precision of the shadow. A FLOAT shadow stops about {@code 2^-25 / (1 - decay)} short of
     * constant parameters, relatively (0.03 % at 0.9999); a DOUBLE one does not, at twice the
     * memory.
     *
     * @param type FLOAT or DOUBLE; by default DOUBLE for DOUBLE parameters, else FLOAT
     * @return this
     * @throws IllegalArgumentException if the type is another
     */
    public Builder shadowType(DataType type) {
      if (type != DataType.FLOAT && type != DataType.DOUBLE) {
        throw new IllegalArgumentException(
            "shadowType must be FLOAT or DOUBLE (in 16 bits the updates round to nothing), but was "
                + type);
      }
      shadowType = type;
      return this;
    }

    /**
     * Updates the shadow at every k-th step only, which costs a k-th of the time. Good as long as
     * parameters change slowly within k steps; 10 is safe.
     *
     * @param steps at least 1, the default
     * @return this
     * @throws IllegalArgumentException if below 1
     */
    public Builder updateEvery(int steps) {
      if (steps < 1) {
        throw new IllegalArgumentException("updateEvery must be at least 1 step, but was " + steps);
      }
      updateEvery = steps;
      return this;
    }

    /**
     * Whether an update that stands for k steps applies the product of their k decays ({@code
     * decay^k} for a constant one), so that the window stays the same in steps. The schedule is
     * then asked with numbers of steps. Most other systems apply the decay as it is; {@code false}
     * does as they do, and asks the schedule with numbers of updates.
     *
     * @param correct true by default
     * @return this
     */
    public Builder correctDecayForInterval(boolean correct) {
      correctDecayForInterval = correct;
      return this;
    }

    /**
     * What decays, windows, half-lives and {@link #startAfter} are in, and all counts of the
     * average. Counting examples, {@code window(50_000)} is one of 50,000 examples: its length does
     * not depend on the size of the batches, and a last batch that is smaller weighs less.
     *
     * @param unit {@link AveragingUnit#STEPS} by default
     * @return this
     */
    public Builder unit(AveragingUnit unit) {
      this.unit = Objects.requireNonNull(unit, "unit");
      return this;
    }

    /**
     * Steps, or examples where these are the {@link #unit}, before averaging begins. Until then the
     * shadow is a plain copy of the parameters.
     *
     * @param count at least 0, the default
     * @return this
     * @throws IllegalArgumentException if negative
     */
    public Builder startAfter(long count) {
      if (count < 0) {
        throw new IllegalArgumentException("startAfter must be at least 0, but was " + count);
      }
      startAfter = count;
      return this;
    }

    /**
     * Epochs before averaging begins, instead of {@link #startAfter}: those that the network has
     * completed, as it counts them. Until then the shadow is a plain copy of the parameters.
     *
     * @param epochs at least 0, the default
     * @return this
     * @throws IllegalArgumentException if negative
     */
    public Builder startAfterEpochs(int epochs) {
      if (epochs < 0) {
        throw new IllegalArgumentException(
            "startAfterEpochs must be at least 0, but was " + epochs);
      }
      startAfterEpochs = epochs;
      return this;
    }

    /**
     * What happens when parameters are not finite. They never enter the shadow.
     *
     * @param policy {@link NonFinitePolicy#SKIP} by default
     * @return this
     */
    public Builder onNonFinite(NonFinitePolicy policy) {
      onNonFinite = Objects.requireNonNull(policy, "policy");
      return this;
    }

    /**
     * Whether the shadow lies in host memory of its own, outside ND4J, rather than on the device of
     * the parameters; timm's {@code device="cpu"}. It takes no device memory then, but every update
     * copies the parameters to the host, into a transfer buffer of their size, and {@link
     * ParameterAverage#shadow} returns a copy. Swaps, and so evaluation, work as always, with the
     * same bits. Of use with a GPU; on the CPU backend it costs time and memory.
     *
     * <p>Tested on the CPU backend. On CUDA it has not been run by its authors.
     *
     * @param onHost false by default
     * @return this
     */
    public Builder shadowOnHost(boolean onHost) {
      shadowOnHost = onHost;
      return this;
    }

    /**
     * Whether an update returns as soon as the parameters are in the transfer buffer, and leaves
     * the arithmetic to a background thread. Whatever needs the result waits for it: the next
     * update, a swap, {@link ParameterAverage#shadow}. An error on that thread is thrown there, as
     * an {@link IllegalStateException}.
     *
     * @param background false by default; true needs {@link #shadowOnHost}
     * @return this
     */
    public Builder inBackground(boolean background) {
      inBackground = background;
      return this;
    }

    /**
     * Whether an update may go on, on a thread of its own, while training computes the gradients of
     * the next step: parameters are only read meanwhile, so no copy of them is needed. The average
     * has the same bits, and costs no time where a core is idle. Whatever needs the result waits
     * for it. An error on that thread is thrown there, as an {@link IllegalStateException}.
     *
     * <p>A listener of {@code ema-dl4j} overlaps the updates of {@code fit} with an iterator, and
     * only where nothing it knows of can write the parameters meanwhile; the log says once why if
     * it does not. {@link ParameterAverage#beginUpdate} is for loops of one's own; {@link
     * ParameterAverage#update} never overlaps. {@link NonFinitePolicy#THROW} and {@link
     * NonFinitePolicy#RESTORE}, which act in the step itself, and backends other than ND4J's CPU
     * one do not either.
     *
     * @param overlap false by default; true excludes {@link #shadowOnHost}
     * @return this
     */
    public Builder overlapped(boolean overlap) {
      overlapped = overlap;
      return this;
    }

    /**
     * Builds the configuration.
     *
     * @return the configuration
     * @throws IllegalStateException if neither a decay nor a schedule was given; {@code
     *     inBackground} without {@code shadowOnHost}, or {@code overlapped} with it; both a start
     *     after steps and one after epochs; or examples as the unit with {@code updateEvery} above
     *     1 or decays not corrected
     */
    public AveragingConfig build() {
      if (schedule == null) {
        throw new IllegalStateException(
            "An average needs a decay: call decay(0.999) or schedule(...) before build()");
      }
      if (inBackground && !shadowOnHost) {
        throw new IllegalStateException(
            "inBackground(true) needs shadowOnHost(true): on the device of the parameters an update"
                + " could not go on while they change");
      }
      if (overlapped && shadowOnHost) {
        throw new IllegalStateException(
            "overlapped(true) is for a shadow beside the parameters, which an update reads where they"
                + " are: with shadowOnHost(true) take inBackground(true), or leave one of the two out");
      }
      if (startAfter > 0 && startAfterEpochs > 0) {
        throw new IllegalStateException(
            "Averaging begins once: startAfter is %d and startAfterEpochs %d, so leave one of them out"
                .formatted(startAfter, startAfterEpochs));
      }
      if (unit == AveragingUnit.EXAMPLES && (updateEvery > 1 || !correctDecayForInterval)) {
        throw new IllegalStateException(
            "Counting examples, every step is an update with the decays of all its examples: leave"
                + " updateEvery at 1 and correctDecayForInterval at true");
      }
      return new AveragingConfig(this);
    }
  }
}
