// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.chart;

import java.util.List;

/**
 * A chart, laid out. All positions are in percent of the plot, from its left and upper edges.
 *
 * @param name of a file, without ending
 * @param title what it shows
 * @param x what is written below it
 * @param y what is written beside it
 * @param lines in the order in which they are drawn
 * @param columns one for each epoch
 * @param dotted whether each value has a dot, or only those that the pointer is at
 */
public record Chart(
    String name,
    String title,
    List<Axis.Tick> x,
    List<Axis.Tick> y,
    List<Line> lines,
    List<Column> columns,
    boolean dotted) {

  /** Copies the lists. */
  public Chart {
    x = List.copyOf(x);
    y = List.copyOf(y);
    lines = List.copyOf(lines);
    columns = List.copyOf(columns);
  }

  /**
   * A line.
   *
   * @param name what the legend calls it
   * @param ink how it is drawn
   * @param path its course, as in SVG
   */
  public record Line(String name, Palette.Ink ink, String path) {}

  /**
   * An epoch.
   *
   * @param x where it is
   * @param from where the part of the plot begins that belongs to it
   * @param width of that part
   * @param text what it holds, a line for the epoch and one for each value
   * @param dots its values
   */
  public record Column(double x, double from, double width, String text, List<Dot> dots) {
    /** Copies the list. */
    public Column {
      dots = List.copyOf(dots);
    }
  }

  /** A value in a colour. */
  public record Dot(double y, String color) {}
}
