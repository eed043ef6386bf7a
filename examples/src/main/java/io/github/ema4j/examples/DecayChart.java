// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples;

import io.github.ema4j.core.schedule.DecaySchedule;
import java.io.IOException;
import java.util.List;
import java.util.stream.LongStream;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * Draws how far back an update reaches, by every schedule. A schedule needs no network for that.
 */
public final class DecayChart {

  private static final long UPDATES = 10_000;

  /** A text per schedule, as {@link DecaySchedule#parse} and the {@code train} command read it. */
  public static final List<String> TEXTS =
      List.of(
          "constant(decay=0.999)",
          "half-life(updates=100)",
          "window(updates=500)",
          "inverse-power(decay=0.999)",
          "num-updates(decay=0.999)",
          "exponential-ramp(decay=0.999)",
          "momentum-annealing()",
          "linear-ramp(start=0.9, decay=0.999, updates=1000)",
          "cosine(start=0.9, end=0.999, updates=1000)",
          "debiased(decay=0.999)",
          "copy-first(updates=100, then=constant(decay=0.998))",
          "uniform()",
          "power-function()",
          "half-life-fraction()");

  private DecayChart() {}

  /**
   * Writes the chart.
   *
   * @param args the PNG to write; target/schedules.png without
   * @throws IOException if it cannot be written
   */
  public static void main(String[] args) throws IOException {
    Charts.write(chart(), "schedules", args);
  }

  private static XYChart chart() {
    XYChart chart =
        Charts.styled(
            new XYChartBuilder()
                .width(1150)
                .height(600)
                .title("How far back an update reaches")
                .xAxisTitle("update")
                .yAxisTitle("1 / (1 - decay), updates")
                .build(),
            LegendPosition.OutsideE);
    chart.getStyler().setXAxisLogarithmic(true).setYAxisLogarithmic(true);
    double[] updates =
        LongStream.rangeClosed(0, 100)
            .map(i -> Math.round(Math.pow(UPDATES, i / 100.0)))
            .distinct()
            .mapToDouble(update -> update)
            .toArray();
    for (String text : TEXTS) {
      DecaySchedule schedule = DecaySchedule.parse(text);
      double[] reach = new double[updates.length];
      for (int i = 0; i < reach.length; i++) {
        reach[i] = 1 / (1 - schedule.decayAt((long) updates[i]));
      }
      chart.addSeries(text, updates, reach).setMarker(SeriesMarkers.NONE);
    }
    return chart;
  }
}
