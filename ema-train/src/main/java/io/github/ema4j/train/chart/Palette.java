// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.chart;

import java.util.List;

/**
 * Which weights have which colour, in every picture and page of EMA4J.
 *
 * <p>Raw weights are grey and thin, averaged weights are coloured and thick. People with any kind
 * of colour blindness can tell the colours apart, and each has a contrast of 3:1 or more to white
 * and to {@link #DARK_BACKGROUND}, so that the same ones serve on a bright and on a dark page.
 * {@code ema-ui}, which does not depend on this module, repeats them in its style sheet.
 */
public final class Palette {
  /** The background of dark pages. */
  public static final String DARK_BACKGROUND = "#181a1f";

  private static final String RAW = "#666666";

  /** Of Okabe and Ito's those that are dark enough for white, and bright enough for black. */
  private static final List<String> AVERAGES = List.of("#0072b2", "#d55e00", "#009e73", "#cc79a7");

  private Palette() {}

  /**
   * How a line is drawn.
   *
   * @param color as in CSS
   * @param width in points
   * @param dashes lengths of dashes and gaps as in SVG; empty for a line without gaps
   */
  public record Ink(String color, double width, String dashes) {}

  /** Of the network's own weights. */
  public static Ink raw() {
    return new Ink(RAW, 1.5, "");
  }

  /** Of the network's own weights on the training images. */
  public static Ink training() {
    return new Ink(RAW, 1.5, "2 4");
  }

  /**
   * Of an average.
   *
   * @param index of the average in its run, from 0; with more averages than colours these come
   *     again, dashed
   */
  public static Ink average(int index) {
    return new Ink(
        AVERAGES.get(index % AVERAGES.size()), 2.5, index < AVERAGES.size() ? "" : "8 5");
  }

  /** The colours of averages, in their order. */
  static List<String> averages() {
    return AVERAGES;
  }
}
