// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.record;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.XYStyler;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** A chart of numbers over epochs, in the one style of all pictures. */
final class EpochChart {
  private static final int PIXELS_PER_POINT = 2;

  /** With more epochs than this, markers hide the curve. */
  private static final int MOST_MARKERS = 40;

  private static final int MOST_LABELS = 16;

  private static final Color GRID = new Color(0xe4e4e4);
  private static final Color AXIS = new Color(0x999999);
  private static final Color RAW = new Color(0x444444);
  private static final Color BACKGROUND = new Color(0xaaaaaa);

  /** Okabe and Ito's colours, which colour-blind people can tell apart, the pale ones left out. */
  private static final List<Color> AVERAGES =
      List.of(
          new Color(0x0072b2),
          new Color(0xd55e00),
          new Color(0x009e73),
          new Color(0xcc79a7),
          new Color(0xe69f00),
          new Color(0x56b4e9));

  private static final BasicStroke SOLID = stroke();
  private static final BasicStroke DASHED = stroke(8, 5);
  private static final BasicStroke DOTTED = stroke(2, 5);

  private final List<EpochResult> epochs;
  private final XYChart chart;
  private int averages;

  EpochChart(String title, String yAxis, List<EpochResult> epochs) {
    this.epochs = epochs;
    this.chart = new XYChartBuilder().title(title).xAxisTitle("epoch").yAxisTitle(yAxis).build();
    XYStyler style = chart.getStyler();
    style
        .setLocale(Locale.ROOT)
        .setChartBackgroundColor(Color.WHITE)
        .setPlotBorderVisible(false)
        .setChartTitleFont(new Font(Font.SANS_SERIF, Font.BOLD, 14))
        .setLegendPosition(LegendPosition.OutsideE)
        .setLegendBorderColor(Color.WHITE)
        .setMarkerSize(6);
    style
        .setPlotGridLinesColor(GRID)
        .setPlotGridLinesStroke(new BasicStroke(1))
        .setPlotGridVerticalLinesVisible(false)
        .setAxisTickMarksColor(AXIS)
        .setAxisTickLabelsFont(new Font(Font.SANS_SERIF, Font.PLAIN, 12))
        .setAxisTitleFont(new Font(Font.SANS_SERIF, Font.PLAIN, 12))
        .setXAxisMin(0.0)
        .setYAxisTickMarkSpacingHint(40)
        .setXAxisTickLabelsFormattingFunction(this::epochLabel);
  }

  /** Between which values the axis lies, and what is written at them. */
  void yAxis(double min, double max, Function<Double, String> label) {
    chart.getStyler().setYAxisMin(min).setYAxisMax(max).setYAxisTickLabelsFormattingFunction(label);
  }

  /** There is no epoch 1.5, and not all of many epochs have space. */
  private String epochLabel(double epoch) {
    return epoch % labelStep() == 0 ? Long.toString((long) epoch) : "";
  }

  /** The smallest of 1, 2, 5, 10, 20, 50, ... that gives few enough labels. */
  private long labelStep() {
    int last = epochs.isEmpty() ? 1 : epochs.get(epochs.size() - 1).epoch();
    for (long power = 1; ; power *= 10) {
      for (long step : new long[] {power, 2 * power, 5 * power}) {
        if (last <= step * MOST_LABELS) {
          return step;
        }
      }
    }
  }

  void raw(String name, ToDoubleFunction<EpochResult> value) {
    add(name, value, RAW, SOLID);
  }

  /** In the next colour; with more averages than colours these come again, dashed. */
  void average(String name, ToDoubleFunction<EpochResult> value) {
    int index = averages++;
    add(
        "EMA " + name,
        value,
        AVERAGES.get(index % AVERAGES.size()),
        index < AVERAGES.size() ? SOLID : DASHED);
  }

  /** A curve to compare the others with. */
  void background(String name, ToDoubleFunction<EpochResult> value) {
    add(name, value, BACKGROUND, DOTTED);
  }

  private void add(
      String name, ToDoubleFunction<EpochResult> value, Color color, BasicStroke stroke) {
    double[] y =
        epochs.stream().mapToDouble(value).map(v -> Double.isFinite(v) ? v : Double.NaN).toArray();
    if (Arrays.stream(y).allMatch(Double::isNaN)) {
      return; // nothing to scale the axis by
    }
    double[] x = epochs.stream().mapToDouble(EpochResult::epoch).toArray();
    XYSeries series = chart.addSeries(name, x, y);
    series
        .setMarkerColor(color)
        .setMarker(epochs.size() > MOST_MARKERS ? SeriesMarkers.NONE : SeriesMarkers.CIRCLE);
    series.setLineColor(color).setLineStyle(stroke);
  }

  BufferedImage image(int width, int height) {
    BufferedImage image =
        new BufferedImage(
            width * PIXELS_PER_POINT, height * PIXELS_PER_POINT, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    graphics.scale(PIXELS_PER_POINT, PIXELS_PER_POINT);
    chart.paint(graphics, width, height);
    graphics.dispose();
    return image;
  }

  private static BasicStroke stroke(float... dashes) {
    return new BasicStroke(
        2, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND, 1, dashes.length == 0 ? null : dashes, 0);
  }
}
