// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.record;

import io.github.ema4j.train.chart.Axis;
import io.github.ema4j.train.chart.Chart;
import io.github.ema4j.train.chart.ChartBuilder;
import io.github.ema4j.train.chart.Markup;
import io.github.ema4j.train.chart.Palette;
import io.github.ema4j.train.error.UserError;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.function.DoubleFunction;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/**
 * The epochs of a run as charts. Each average of the run is a line of its own, of the same colour
 * in all charts. What is not a finite number is a gap.
 */
public final class Curves {
  /** Losses that differ by this factor are drawn on a logarithmic axis. */
  private static final double WIDE = 100;

  private Curves() {}

  /**
   * The charts that there are of these epochs: {@code accuracy}, {@code loss}, if the run kept an
   * average {@code decay}, and if that held initial weights {@code initial-share}.
   *
   * @param epochs in their order; without any there is no chart
   */
  static List<Chart> of(List<EpochResult> epochs) {
    List<Chart> charts = new ArrayList<>();
    if (!epochs.isEmpty()) {
      charts.add(accuracy(epochs));
      charts.add(loss(epochs));
    }
    List<String> averages = EpochResult.averageNames(epochs);
    if (!averages.isEmpty()) {
      charts.add(decay(epochs));
    }
    if (averages.stream().anyMatch(name -> holdsInitialWeights(name, epochs))) {
      charts.add(initialShare(epochs));
    }
    return charts;
  }

  /** Whether an average had a share of initial weights to speak of after any epoch. */
  static boolean holdsInitialWeights(String average, List<EpochResult> epochs) {
    return epochs.stream()
        .flatMap(epoch -> epoch.average(average).stream())
        .anyMatch(AveragedResult::holdsInitialWeights);
  }

  /**
   * Writes each chart as an SVG file of its name.
   *
   * @param directory that exists
   * @throws UserError if one cannot be written
   */
  public static void write(Path directory, List<EpochResult> epochs) {
    for (Chart chart : of(epochs)) {
      Path file = directory.resolve(chart.name() + ".svg");
      byte[] svg = Markup.svg(chart).getBytes(StandardCharsets.UTF_8);
      try {
        OutputFile.write(file, out -> out.write(svg));
      } catch (IOException e) {
        throw WriteFailure.of(file, e);
      }
    }
  }

  private static Chart accuracy(List<EpochResult> epochs) {
    ChartBuilder chart = builder("accuracy", "Validation accuracy (%)", epochs);
    addScores(chart, epochs, score -> 100 * score.accuracy());
    return chart.draw(Curves::percentages, percent -> text("%.2f %%", percent));
  }

  private static Chart loss(List<EpochResult> epochs) {
    ChartBuilder chart = builder("loss", "Loss", epochs);
    addScores(chart, epochs, Score::loss);
    chart.line("training", Palette.training(), values(epochs, EpochResult::trainLoss));
    return chart.draw(Curves::losses, loss -> text("%.4g", loss));
  }

  private static Axis losses(DoubleSummaryStatistics range) {
    return range.getMin() > 0 && range.getMax() > WIDE * range.getMin()
        ? Axis.logarithmic(range.getMin(), range.getMax())
        : Axis.linear(
            range.getMin(), range.getMax(), Math.min(0, range.getMin()), Double.MAX_VALUE);
  }

  private static Chart decay(List<EpochResult> epochs) {
    return averages(
        builder("decay", "Decay", epochs),
        epochs,
        AveragedResult::decay,
        range -> Axis.decays(range.getMin(), Math.min(range.getMax(), Math.nextDown(1.0))),
        decay -> text("%.6f", decay));
  }

  /** As long as it is not small, the average is worth little. */
  private static Chart initialShare(List<EpochResult> epochs) {
    return averages(
        builder("initial-share", "Initial weights still in the average (%)", epochs),
        epochs,
        average -> 100 * average.initialShare(),
        range -> Axis.linear(0, 100, 0, 100),
        percent -> text("%.2f %%", percent));
  }

  private static Chart averages(
      ChartBuilder chart,
      List<EpochResult> epochs,
      ToDoubleFunction<AveragedResult> value,
      Function<DoubleSummaryStatistics, Axis> axis,
      DoubleFunction<String> text) {
    addAverages(chart, epochs, average -> OptionalDouble.of(value.applyAsDouble(average)));
    return chart.draw(axis, text);
  }

  private static void addScores(
      ChartBuilder chart, List<EpochResult> epochs, ToDoubleFunction<Score> value) {
    chart.line("raw", Palette.raw(), values(epochs, epoch -> value.applyAsDouble(epoch.raw())));
    addAverages(chart, epochs, average -> average.score().stream().mapToDouble(value).findFirst());
  }

  private static void addAverages(
      ChartBuilder chart,
      List<EpochResult> epochs,
      Function<AveragedResult, OptionalDouble> value) {
    List<String> names = EpochResult.averageNames(epochs);
    for (int i = 0; i < names.size(); i++) {
      String name = names.get(i);
      double[] values =
          values(
              epochs,
              epoch ->
                  epoch.average(name).map(value).orElse(OptionalDouble.empty()).orElse(Double.NaN));
      chart.line("EMA " + name, Palette.average(i), values);
    }
  }

  private static Axis percentages(DoubleSummaryStatistics range) {
    return Axis.linear(range.getMin(), range.getMax(), 0, 100);
  }

  private static ChartBuilder builder(String name, String title, List<EpochResult> epochs) {
    return new ChartBuilder(name, title, epochs.stream().mapToInt(EpochResult::epoch).toArray());
  }

  private static double[] values(List<EpochResult> epochs, ToDoubleFunction<EpochResult> value) {
    return epochs.stream().mapToDouble(value).toArray();
  }

  private static String text(String format, double value) {
    return String.format(Locale.ROOT, format, value);
  }
}
