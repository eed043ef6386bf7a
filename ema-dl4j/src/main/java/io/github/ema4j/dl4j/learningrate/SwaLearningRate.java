// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.learningrate;

import java.util.Objects;
import org.nd4j.linalg.schedule.FixedSchedule;
import org.nd4j.linalg.schedule.ISchedule;
import org.nd4j.linalg.schedule.ScheduleType;
import org.nd4j.shade.jackson.annotation.JsonCreator;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/**
 * The learning rate of stochastic weight averaging (Izmailov et al. 2018, arXiv 1803.05407): as
 * another schedule has it up to some epoch or iteration, from there to a rate for averaging along a
 * line or half a cosine, and constant after that. It is PyTorch's {@code SWALR} in one schedule
 * with what comes before it.
 *
 * <pre>{@code
 * // 0.1 in epochs 0 to 7, then within 5 epochs to 0.02, and averages of the rest.
 * ISchedule rate = new SwaLearningRate(ScheduleType.EPOCH, 0.1, 8, 5, 0.02);
 * new NeuralNetConfiguration.Builder().updater(new Nesterovs(rate, 0.9)) ...
 * }</pre>
 *
 * <p>With {@code t = min(1, (now - start) / anneal)} and {@code a = t}, or {@code (1 - cos(pi * t))
 * / 2} for a cosine, the rate is {@code a * swaRate + (1 - a) * rateAtStart}. So at {@code start}
 * it is still that of before, and after {@code k} more what PyTorch's gives after {@code k} calls
 * of its {@code step()}; an {@code anneal} of 0 is there one after the start, as PyTorch's.
 *
 * <p>Immutable and thread-safe if the schedule before is. Two of equal settings are equal; written
 * into a network's JSON as every schedule of Deeplearning4j.
 */
public final class SwaLearningRate implements ISchedule {

  private static final long serialVersionUID = 1L;

  /** The way from the rate of before to that of averaging. */
  public enum Annealing {
    /** Half a cosine, which leaves and arrives slowly; PyTorch's default. */
    COSINE,
    /** A straight line. */
    LINEAR
  }

  @JsonProperty private final ScheduleType scheduleType;
  @JsonProperty private final ISchedule before;
  @JsonProperty private final int start;
  @JsonProperty private final int anneal;
  @JsonProperty private final double swaRate;
  @JsonProperty private final Annealing annealing;

  /**
   * A constant rate, half a cosine, and another constant rate.
   *
   * @param scheduleType what {@code start} and {@code anneal} count: epochs or iterations
   * @param rate learning rate up to {@code start}, above 0
   * @param start the last epoch or iteration with that rate, counted from 0
   * @param anneal how many epochs or iterations the rate takes to the other, at least 0; 10 in
   *     PyTorch
   * @param swaRate learning rate from then on, above 0
   * @throws IllegalArgumentException if a value is out of its range
   */
  public SwaLearningRate(
      ScheduleType scheduleType, double rate, int start, int anneal, double swaRate) {
    this(
        scheduleType,
        new FixedSchedule(positive(rate, "rate")),
        start,
        anneal,
        swaRate,
        Annealing.COSINE);
  }

  /**
   * Any schedule, a way of annealing, and a constant rate.
   *
   * @param scheduleType what {@code start} and {@code anneal} count: epochs or iterations
   * @param before the rate up to {@code start}; must count the same, as it is asked for its value
   *     at {@code start} later on
   * @param start the last epoch or iteration with that rate, counted from 0
   * @param anneal how many epochs or iterations the rate takes to the other, at least 0
   * @param swaRate learning rate from then on, above 0
   * @param annealing along which line
   * @throws IllegalArgumentException if a value is out of its range
   */
  @JsonCreator
  public SwaLearningRate(
      @JsonProperty("scheduleType") ScheduleType scheduleType,
      @JsonProperty("before") ISchedule before,
      @JsonProperty("start") int start,
      @JsonProperty("anneal") int anneal,
      @JsonProperty("swaRate") double swaRate,
      @JsonProperty("annealing") Annealing annealing) {
    this.scheduleType = Objects.requireNonNull(scheduleType, "scheduleType");
    this.before = Objects.requireNonNull(before, "before");
    this.start = notNegative(start, "start");
    this.anneal = notNegative(anneal, "anneal");
    this.swaRate = positive(swaRate, "swaRate");
    this.annealing = Objects.requireNonNull(annealing, "annealing");
  }

  private static double positive(double rate, String name) {
    if (!(rate > 0 && rate < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(name + " must be above 0 and finite, but was " + rate);
    }
    return rate;
  }

  private static int notNegative(int count, String name) {
    if (count < 0) {
      throw new IllegalArgumentException(name + " must be at least 0, but was " + count);
    }
    return count;
  }

  @Override
  public double valueAt(int iteration, int epoch) {
    int now = scheduleType == ScheduleType.EPOCH ? epoch : iteration;
    if (now <= start) {
      return before.valueAt(iteration, epoch);
    }
    double t = Math.min(1, (now - start) / (double) Math.max(1, anneal));
    double share = annealing == Annealing.LINEAR ? t : (1 - Math.cos(Math.PI * t)) / 2;
    return swaRate * share + before.valueAt(start, start) * (1 - share);
  }

  @Override
  public SwaLearningRate clone() {
    return new SwaLearningRate(scheduleType, before.clone(), start, anneal, swaRate, annealing);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof SwaLearningRate that
        && scheduleType == that.scheduleType
        && before.equals(that.before)
        && start == that.start
        && anneal == that.anneal
        && swaRate == that.swaRate
        && annealing == that.annealing;
  }

  @Override
  public int hashCode() {
    return Objects.hash(scheduleType, before, start, anneal, swaRate, annealing);
  }

  @Override
  public String toString() {
    return "SwaLearningRate(%s, before=%s, start=%d, anneal=%d, swaRate=%s, %s)"
        .formatted(scheduleType, before, start, anneal, swaRate, annealing);
  }
}
