// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.chart;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.DoubleUnaryOperator;

/**
 * Where values lie along one side of a chart, and which of them are written there: round ones, as a
 * person would choose them. Immutable.
 */
public final class Axis {
  /** Of a linear axis between two ends. */
  private static final int MOST_STEPS = 6;

  /** Of a logarithmic axis; with more, not every power of ten is written. */
  private static final int MOST_POWERS = 6;

  /** As many as a chart of 300 points has room for. */
  private static final int MOST_EPOCHS = 10;

  /**
   * A value that is written.
   *
   * @param at its position, in percent of the axis from its lower end
   * @param label the value
   */
  public record Tick(double at, String label) {}

  private final DoubleUnaryOperator scale;
  private final double from;
  private final double to;
  private final List<Tick> ticks;

  private Axis(DoubleUnaryOperator scale, double from, double to) {
    this(scale, from, to, List.of());
  }

  private Axis(DoubleUnaryOperator scale, double from, double to, List<Tick> ticks) {
    this.scale = scale;
    this.from = from;
    this.to = to;
    this.ticks = List.copyOf(ticks);
  }

  /**
   * An axis on which equal differences have equal lengths. It begins and ends at a tick.
   *
   * @param min the least value
   * @param max the greatest value
   * @param least what the axis must not go below
   * @param most what it must not go above
   */
  public static Axis linear(double min, double max, double least, double most) {
    double room = min < max ? 0 : Math.max(0.01, Math.abs(max) / 20);
    double lower = Math.max(least, min - room);
    double upper = Math.min(most, max + room);
    BigDecimal step = step(lower, upper);
    long first = floor(lower, step);
    long last = ceil(upper, step);
    Axis axis = new Axis(v -> v, at(first, step), at(last, step));
    List<Tick> ticks = new ArrayList<>();
    for (long i = first; i <= last; i++) {
      ticks.add(axis.tick(at(i, step), step.multiply(BigDecimal.valueOf(i)).toPlainString()));
    }
    return axis.with(ticks);
  }

  /** The least of 1, 2 and 5 times a power of ten with which so few steps lead over the range. */
  private static BigDecimal step(double lower, double upper) {
    for (int power = (int) Math.floor(Math.log10(upper - lower)) - 1; ; power++) {
      for (int digit : new int[] {1, 2, 5}) {
        BigDecimal step = BigDecimal.valueOf(digit).scaleByPowerOfTen(power);
        step = step.scale() < 0 ? step.setScale(0) : step;
        if (ceil(upper, step) - floor(lower, step) <= MOST_STEPS) {
          return step;
        }
      }
    }
  }

  /** In steps; a value that is one but for rounding counts as one. */
  private static long floor(double value, BigDecimal step) {
    return (long) Math.floor(value / step.doubleValue() + 1e-9);
  }

  private static long ceil(double value, BigDecimal step) {
    return (long) Math.ceil(value / step.doubleValue() - 1e-9);
  }

  private static double at(long steps, BigDecimal step) {
    return step.multiply(BigDecimal.valueOf(steps)).doubleValue();
  }

  /**
   * An axis on which equal factors have equal lengths, from one power of ten to another.
   *
   * @param min the least value, above 0
   * @param max the greatest value
   */
  public static Axis logarithmic(double min, double max) {
    int first = (int) Math.floor(Math.log10(min) + 1e-9);
    int last = Math.max(first + 1, (int) Math.ceil(Math.log10(max) - 1e-9));
    int step = (last - first + MOST_POWERS - 1) / MOST_POWERS;
    Axis axis = new Axis(v -> v > 0 ? Math.log10(v) : Double.NaN, first, last);
    List<Tick> ticks = new ArrayList<>();
    for (int power = first; power <= last; power += step) {
      BigDecimal value = BigDecimal.ONE.scaleByPowerOfTen(power);
      String label = power < -4 || power > 5 ? "1e" + power : value.toPlainString();
      ticks.add(axis.tick(value.doubleValue(), label));
    }
    return axis.with(ticks);
  }

  /**
   * An axis for decays, by how far they are from 1: 0.99 is as far from 0.999 as that from 0.9999.
   * 1 itself is not on it.
   *
   * @param min the least decay
   * @param max the greatest decay below 1
   */
  public static Axis decays(double min, double max) {
    int first = (int) Math.floor(nines(min) + 1e-9);
    int last = Math.max(first + 1, (int) Math.ceil(nines(max) - 1e-9));
    Axis axis = new Axis(Axis::nines, first, last);
    List<Tick> ticks = new ArrayList<>();
    for (int nines = first; nines <= last; nines++) {
      BigDecimal decay = BigDecimal.ONE.subtract(BigDecimal.ONE.scaleByPowerOfTen(-nines));
      ticks.add(axis.tick(decay.doubleValue(), decay.toPlainString()));
    }
    return axis.with(ticks);
  }

  /** How many nines a decay begins with: 1 for 0.9, 2 for 0.99; infinite for 1. */
  private static double nines(double decay) {
    return -Math.log10(1 - decay);
  }

  /**
   * An axis for numbers of epochs: it begins at the first and ends at the last.
   *
   * @param first the first epoch
   * @param last the last epoch; where it is the first, it stands in the middle
   */
  public static Axis epochs(int first, int last) {
    Axis axis =
        first == last ? new Axis(v -> v, first - 1, last + 1) : new Axis(v -> v, first, last);
    List<Tick> ticks = new ArrayList<>();
    int step = epochStep(first, last);
    for (int epoch = (first + step - 1) / step * step; epoch <= last; epoch += step) {
      ticks.add(axis.tick(epoch, Integer.toString(epoch)));
    }
    return axis.with(ticks);
  }

  private static int epochStep(int first, int last) {
    for (int power = 1; ; power *= 10) {
      for (int step : new int[] {power, 2 * power, 5 * power}) {
        if (last / step - (first - 1) / step <= MOST_EPOCHS) {
          return step;
        }
      }
    }
  }

  private Axis with(List<Tick> written) {
    return new Axis(scale, from, to, written);
  }

  private Tick tick(double value, String label) {
    return new Tick(position(value), label);
  }

  /**
   * Where a value lies.
   *
   * @return percent of the axis from its lower end, to two digits; NaN if it has no place
   */
  public double position(double value) {
    double share = (scale.applyAsDouble(value) - from) / (to - from);
    return Double.isFinite(share)
        ? BigDecimal.valueOf(100 * share).setScale(2, RoundingMode.HALF_EVEN).doubleValue()
        : Double.NaN;
  }

  /** The values that are written, from the lower end on. */
  public List<Tick> ticks() {
    return ticks;
  }

  @Override
  public String toString() {
    return String.format(Locale.ROOT, "%s", ticks.stream().map(Tick::label).toList());
  }
}
