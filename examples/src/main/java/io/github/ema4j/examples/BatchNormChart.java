// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples;

import io.github.ema4j.core.schedule.DecaySchedule;
import java.io.IOException;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * Draws what batch norm divides the output of one unit by, before, while and after the unit is
 * silent: with the raw statistics, with the average of the variance, and with the average of its
 * logarithm. The unit is simulated, so that the picture is the same everywhere.
 */
public final class BatchNormChart {

  static final int STEPS = 1_200;
  static final int FALLS_SILENT = 300;
  static final int SPEAKS_AGAIN = 600;

  /** Of a batch in which the unit speaks, and one in which it does not. */
  private static final double VARIANCE = 0.25;

  private static final double SILENCE = 0;

  /** Deeplearning4j's defaults: the decay of the running variance, and what is added to it. */
  private static final double RUNNING_DECAY = 0.9;

  private static final double EPSILON = 1e-5;

  private BatchNormChart() {}

  /**
   * What the unit's output is divided by after each step: the root of variance and epsilon.
   *
   * @param raw with the running variance
   * @param averaged with the average of the running variance
   * @param asLogarithm with the average of the logarithm of its root
   */
  record Divisors(double[] raw, double[] averaged, double[] asLogarithm) {}

  /**
   * Writes the chart.
   *
   * @param args the PNG to write; target/batch-norm.png without
   * @throws IOException if it cannot be written
   */
  public static void main(String[] args) throws IOException {
    Divisors divisors = simulate(DecaySchedule.constant(0.99));
    XYChart chart =
        Charts.styled(
            new XYChartBuilder()
                .width(900)
                .height(420)
                .title("A unit that is silent from step 300 to 600, decay 0.99")
                .xAxisTitle("step")
                .yAxisTitle("batch norm divides by")
                .build(),
            LegendPosition.OutsideE);
    chart.getStyler().setYAxisLogarithmic(true).setYAxisMin(1e-3).setYAxisMax(1.0);
    chart.getStyler().setXAxisMin(0.0).setXAxisMax((double) STEPS).setXAxisTickMarkSpacingHint(90);
    double[] steps = new double[STEPS];
    for (int step = 0; step < STEPS; step++) {
      steps[step] = step + 1;
    }
    chart
        .addSeries("raw", steps, divisors.raw())
        .setMarker(SeriesMarkers.NONE)
        .setLineColor(Charts.RAW);
    chart
        .addSeries("average of the variance", steps, divisors.averaged())
        .setMarker(SeriesMarkers.NONE)
        .setLineColor(Charts.AVERAGED);
    chart
        .addSeries("average of the logarithm", steps, divisors.asLogarithm())
        .setMarker(SeriesMarkers.NONE)
        .setLineColor(Charts.OTHER);
    Charts.write(chart, "batch-norm", args);
  }

  static Divisors simulate(DecaySchedule schedule) {
    Divisors divisors = new Divisors(new double[STEPS], new double[STEPS], new double[STEPS]);
    double running = VARIANCE;
    double averaged = running;
    double logarithm = Math.log10(Math.sqrt(running));
    for (int step = 0; step < STEPS; step++) {
      boolean silent = step >= FALLS_SILENT && step < SPEAKS_AGAIN;
      running = RUNNING_DECAY * running + (1 - RUNNING_DECAY) * (silent ? SILENCE : VARIANCE);
      double decay = schedule.decayAt(step + 1);
      averaged = decay * averaged + (1 - decay) * running;
      logarithm = decay * logarithm + (1 - decay) * Math.log10(Math.sqrt(running));
      divisors.raw()[step] = Math.sqrt(running + EPSILON);
      divisors.averaged()[step] = Math.sqrt(averaged + EPSILON);
      divisors.asLogarithm()[step] = Math.sqrt(Math.pow(10, 2 * logarithm) + EPSILON);
    }
    return divisors;
  }
}
