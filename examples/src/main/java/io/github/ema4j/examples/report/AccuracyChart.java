// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.report;

import io.github.ema4j.train.chart.Palette;
import io.github.ema4j.train.record.OutputFile;
import java.awt.Color;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.ToDoubleFunction;
import javax.imageio.ImageIO;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** The accuracies of {@link EpochMetrics} as a picture. Needs no screen. */
public final class AccuracyChart {
  private AccuracyChart() {}

  /** Writes a PNG with one curve for the raw and one for the averaged weights. */
  public static Path write(Path file, String title, List<EpochMetrics> rows) throws IOException {
    XYChart chart =
        new XYChartBuilder()
            .width(800)
            .height(450)
            .title(title)
            .xAxisTitle("epoch")
            .yAxisTitle("test accuracy (%)")
            .build();
    chart
        .getStyler()
        .setLegendPosition(LegendPosition.InsideSE)
        .setChartBackgroundColor(Color.WHITE)
        .setAntiAlias(true);
    addCurve(chart, "raw weights", Palette.raw(), rows, EpochMetrics::rawAccuracy);
    addCurve(
        chart, "averaged weights (EMA)", Palette.average(0), rows, EpochMetrics::averagedAccuracy);
    return OutputFile.write(
        file, out -> ImageIO.write(BitmapEncoder.getBufferedImage(chart), "png", out));
  }

  private static void addCurve(
      XYChart chart,
      String name,
      Palette.Ink ink,
      List<EpochMetrics> rows,
      ToDoubleFunction<EpochMetrics> accuracy) {
    double[] epochs = rows.stream().mapToDouble(EpochMetrics::epoch).toArray();
    double[] percent = rows.stream().mapToDouble(accuracy).map(a -> 100 * a).toArray();
    Color color = Color.decode(ink.color());
    XYSeries series = chart.addSeries(name, epochs, percent);
    series.setMarker(SeriesMarkers.CIRCLE);
    series.setMarkerColor(color);
    series.setLineColor(color);
    series.setLineWidth((float) ink.width());
  }
}
