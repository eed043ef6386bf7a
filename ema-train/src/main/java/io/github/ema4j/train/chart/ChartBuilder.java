// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.chart;

import java.util.ArrayList;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Locale;
import java.util.function.DoubleFunction;
import java.util.function.Function;
import java.util.stream.DoubleStream;

/** Collects the lines of a chart and lays it out. What is not a finite number is a gap. */
public final class ChartBuilder {
  /** With more epochs than this, dots hide the line. */
  private static final int MOST_DOTS = 40;

  private record Values(String name, Palette.Ink ink, double[] values) {}

  private final String name;
  private final String title;
  private final int[] epochs;
  private final List<Values> lines = new ArrayList<>();

  /**
   * An empty chart.
   *
   * @param name of a file, without ending
   * @param title what it shows
   * @param epochs their numbers, which rise
   */
  public ChartBuilder(String name, String title, int[] epochs) {
    this.name = name;
    this.title = title;
    this.epochs = epochs.clone();
  }

  /**
   * Adds a line, unless it would have no point.
   *
   * @param line what the legend calls it
   * @param ink how it is drawn
   * @param values one for each epoch
   * @return this
   */
  public ChartBuilder line(String line, Palette.Ink ink, double[] values) {
    if (values.length != epochs.length) {
      throw new IllegalArgumentException(
          "%s has %d values for %d epochs".formatted(line, values.length, epochs.length));
    }
    if (DoubleStream.of(values).anyMatch(Double::isFinite)) {
      lines.add(new Values(line, ink, values.clone()));
    }
    return this;
  }

  /**
   * Lays out the chart.
   *
   * @param axis the axis for values of that range; asked only if there are any
   * @param text how a value is written
   */
  public Chart draw(Function<DoubleSummaryStatistics, Axis> axis, DoubleFunction<String> text) {
    DoubleSummaryStatistics range =
        lines.stream()
            .flatMapToDouble(line -> DoubleStream.of(line.values()))
            .filter(Double::isFinite)
            .summaryStatistics();
    if (range.getCount() == 0) {
      return new Chart(name, title, List.of(), List.of(), List.of(), List.of(), false);
    }
    Axis x = Axis.epochs(epochs[0], epochs[epochs.length - 1]);
    Axis y = axis.apply(range);
    return new Chart(
        name,
        title,
        x.ticks(),
        y.ticks().stream().map(tick -> new Axis.Tick(fromTop(tick.at()), tick.label())).toList(),
        lines.stream().map(line -> drawn(line, x, y)).toList(),
        columns(x, y, text),
        epochs.length <= MOST_DOTS);
  }

  private Chart.Line drawn(Values line, Axis x, Axis y) {
    StringBuilder path = new StringBuilder();
    boolean gap = true;
    for (int i = 0; i < epochs.length; i++) {
      double height = fromTop(y.position(line.values()[i]));
      if (Double.isNaN(height)) {
        gap = true;
        continue;
      }
      path.append(gap ? "M" : "L").append(point(x.position(epochs[i]), height));
      boolean alone = gap && (i + 1 == epochs.length || !Double.isFinite(line.values()[i + 1]));
      path.append(alone ? "h0" : ""); // a dot, where there is no line to the next
      gap = false;
    }
    return new Chart.Line(line.name(), line.ink(), path.toString());
  }

  private static String point(double x, double y) {
    return String.format(Locale.ROOT, "%.2f %.2f", x, y);
  }

  private static double fromTop(double percent) {
    return Math.rint(100 * (100 - percent)) / 100;
  }

  private List<Chart.Column> columns(Axis x, Axis y, DoubleFunction<String> text) {
    List<Chart.Column> columns = new ArrayList<>();
    for (int i = 0; i < epochs.length; i++) {
      double at = x.position(epochs[i]);
      double from = i == 0 ? 0 : (at + x.position(epochs[i - 1])) / 2;
      double to = i + 1 == epochs.length ? 100 : (at + x.position(epochs[i + 1])) / 2;
      List<Chart.Dot> dots = new ArrayList<>();
      StringBuilder told = new StringBuilder("epoch ").append(epochs[i]);
      for (Values line : lines) {
        double value = line.values()[i];
        double height = fromTop(y.position(value));
        if (Double.isFinite(height)) {
          dots.add(new Chart.Dot(height, line.ink().color()));
          told.append('\n').append(line.name()).append(": ").append(text.apply(value));
        } else if (!Double.isNaN(value)) {
          told.append('\n').append(line.name()).append(": ").append("not finite");
        }
      }
      columns.add(new Chart.Column(at, from, to - from, told.toString(), dots));
    }
    return columns;
  }
}
