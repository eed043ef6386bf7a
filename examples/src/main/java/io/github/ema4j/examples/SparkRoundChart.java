// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples;

import io.github.ema4j.core.schedule.DecaySchedule;
import java.awt.BasicStroke;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries.XYSeriesRenderStyle;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.lines.SeriesLines;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * Draws some rounds of training on Spark: two workers that go apart within a round, the driver's
 * weights at its end, and the average, which moves there. It is one weight of a simulated problem,
 * so that the picture is the same everywhere.
 */
public final class SparkRoundChart {

  static final int ROUNDS = 6;

  /** Iterations of a round, Deeplearning4j's averaging frequency. */
  static final int FREQUENCY = 5;

  private static final int WORKERS = 2;
  private static final int ITERATIONS = ROUNDS * FREQUENCY;
  private static final double LEARNING_RATE = 0.1;
  private static final long SEED = 4;

  private SparkRoundChart() {}

  /**
   * One weight.
   *
   * @param workers by worker and iteration
   * @param driver at the beginning and at the end of each round
   * @param average at the beginning and at the end of each round
   * @param everyStep the average that would move after every iteration, by iteration
   */
  record Course(double[][] workers, double[] driver, double[] average, double[] everyStep) {}

  /**
   * Writes the chart.
   *
   * @param args the PNG to write; target/spark-round.png without
   * @throws IOException if it cannot be written
   */
  public static void main(String[] args) throws IOException {
    Course course = simulate(DecaySchedule.constant(0.9));
    double[] iterations = IntStream.rangeClosed(0, ITERATIONS).asDoubleStream().toArray();
    double[] ends = IntStream.rangeClosed(0, ROUNDS).mapToDouble(i -> i * FREQUENCY).toArray();
    XYChart chart =
        Charts.styled(
            new XYChartBuilder()
                .width(900)
                .height(420)
                .title("Six rounds of five iterations, two workers, decay 0.9")
                .xAxisTitle("iteration")
                .yAxisTitle("one weight")
                .build(),
            LegendPosition.OutsideE);
    chart
        .getStyler()
        .setXAxisMin(0.0)
        .setXAxisMax((double) ITERATIONS)
        .setXAxisTickMarkSpacingHint(100)
        .setYAxisDecimalPattern("0.0");
    for (int worker = 0; worker < WORKERS; worker++) {
      List<Double> x = new ArrayList<>();
      List<Double> y = new ArrayList<>();
      for (int iteration = 0; iteration <= ITERATIONS; iteration++) {
        x.add((double) iteration);
        y.add(course.workers()[worker][iteration]);
        if (iteration % FREQUENCY == 0) { // and starts again from the mean
          x.add((double) iteration);
          y.add(course.driver()[iteration / FREQUENCY]);
        }
      }
      chart
          .addSeries("worker " + (worker + 1), x, y)
          .setMarker(SeriesMarkers.NONE)
          .setLineColor(Charts.OTHER)
          .setLineStyle(new BasicStroke(1));
    }
    chart
        .addSeries("driver: mean of the workers", ends, course.driver())
        .setXYSeriesRenderStyle(XYSeriesRenderStyle.Scatter)
        .setMarker(SeriesMarkers.CIRCLE)
        .setMarkerColor(Charts.RAW);
    chart
        .addSeries("average, moved once per round", ends, course.average())
        .setMarker(SeriesMarkers.DIAMOND)
        .setMarkerColor(Charts.AVERAGED)
        .setLineColor(Charts.AVERAGED);
    chart
        .addSeries("average, if moved every iteration", iterations, course.everyStep())
        .setMarker(SeriesMarkers.NONE)
        .setLineColor(Charts.AVERAGED)
        .setLineStyle(SeriesLines.DOT_DOT);
    Charts.write(chart, "spark-round", args);
  }

  static Course simulate(DecaySchedule schedule) {
    SplittableRandom random = new SplittableRandom(SEED);
    double[] weights = new double[WORKERS];
    Arrays.fill(weights, 1);
    Course course =
        new Course(
            new double[WORKERS][ITERATIONS + 1],
            new double[ROUNDS + 1],
            new double[ROUNDS + 1],
            new double[ITERATIONS + 1]);
    double average = 1;
    double everyStep = 1;
    for (int iteration = 0; iteration <= ITERATIONS; iteration++) {
      for (int worker = 0; worker < WORKERS; worker++) {
        if (iteration > 0) {
          double gradient = weights[worker] + random.nextGaussian();
          weights[worker] -= LEARNING_RATE * gradient;
        }
        course.workers()[worker][iteration] = weights[worker];
      }
      double mean = Arrays.stream(weights).average().orElseThrow();
      if (iteration > 0) {
        everyStep += (1 - schedule.decayAt(iteration)) * (mean - everyStep);
      }
      course.everyStep()[iteration] = everyStep;
      if (iteration % FREQUENCY == 0) {
        if (iteration > 0) {
          double decay = schedule.decayOver(iteration - FREQUENCY + 1, iteration);
          average += (1 - decay) * (mean - average);
        }
        course.driver()[iteration / FREQUENCY] = mean;
        course.average()[iteration / FREQUENCY] = average;
        Arrays.fill(weights, mean);
      }
    }
    return course;
  }
}
