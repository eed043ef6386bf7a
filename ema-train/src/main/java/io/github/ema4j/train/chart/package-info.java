// SPDX-License-Identifier: Apache-2.0
/**
 * Line charts of numbers over epochs, as SVG.
 *
 * <p>{@link io.github.ema4j.train.chart.ChartBuilder} works out a {@link
 * io.github.ema4j.train.chart.Chart}: where its lines, ticks and hover texts are. Positions are in
 * percent of the plot, so that a chart fills any width while its text keeps its size. {@link
 * io.github.ema4j.train.chart.Markup} writes it by the FreeMarker templates of this package, on a
 * page or as a file of its own. {@link io.github.ema4j.train.chart.Palette} says which weights have
 * which colour.
 */
package io.github.ema4j.train.chart;
