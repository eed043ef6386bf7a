// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.record;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.train.chart.Axis;
import io.github.ema4j.train.chart.Chart;
import io.github.ema4j.train.chart.Markup;
import io.github.ema4j.train.chart.Palette;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.xml.sax.InputSource;

class CurvesTest {

  private static List<EpochResult> epochs(String... averages) {
    List<EpochResult> epochs = new ArrayList<>();
    for (int epoch = 1; epoch <= 10; epoch++) {
      AveragedResult[] results = new AveragedResult[averages.length];
      for (int i = 0; i < averages.length; i++) {
        results[i] = Runs.average(averages[i], 0.5 + 0.04 * epoch - 0.1 * i, 1.0 / (epoch + i + 1));
      }
      epochs.add(Runs.epoch(epoch, results));
    }
    return epochs;
  }

  private static Chart chart(String name, List<EpochResult> epochs) {
    return Curves.of(epochs).stream()
        .filter(chart -> chart.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static List<String> names(Chart chart) {
    return chart.lines().stream().map(Chart.Line::name).toList();
  }

  @Test
  void eachAverageIsALineOfTheSameColourInAllCharts() {
    List<EpochResult> epochs = epochs("0.9", "0.99");
    assertEquals(List.of("raw", "EMA 0.9", "EMA 0.99"), names(chart("accuracy", epochs)));
    assertEquals(List.of("raw", "EMA 0.9", "EMA 0.99", "training"), names(chart("loss", epochs)));
    assertEquals(List.of("EMA 0.9", "EMA 0.99"), names(chart("decay", epochs)));
    for (Chart chart : Curves.of(epochs)) {
      for (Chart.Line line : chart.lines()) {
        Palette.Ink ink =
            switch (line.name()) {
              case "raw" -> Palette.raw();
              case "training" -> Palette.training();
              case "EMA 0.9" -> Palette.average(0);
              default -> Palette.average(1);
            };
        assertEquals(ink, line.ink(), chart.name() + " " + line.name());
      }
    }
  }

  @Test
  void valuesAreWhereTheAxisHasThem() {
    Chart chart = chart("accuracy", epochs("0.99")); // 54 % to 90 %, and 80 % of the raw weights
    assertEquals(
        List.of("50", "60", "70", "80", "90"), chart.y().stream().map(Axis.Tick::label).toList());
    assertEquals(List.of(100.0, 75.0, 50.0, 25.0, 0.0), ticks(chart));
    Chart.Column first = chart.columns().get(0);
    assertEquals(0, first.x());
    assertEquals(List.of(25.0, 90.0), first.dots().stream().map(Chart.Dot::y).toList());
    assertEquals("epoch 1\nraw: 80.00 %\nEMA 0.99: 54.00 %", first.text());
    assertTrue(chart.lines().get(1).path().startsWith("M0.00 90.00L11.11 80.00L"));
    assertEquals(100, chart.columns().get(9).x());
    assertTrue(chart.dotted());
  }

  private static List<Double> ticks(Chart chart) {
    return chart.y().stream().map(Axis.Tick::at).toList();
  }

  /** So that each point of the plot tells of the epoch that is nearest. */
  @Test
  void theColumnsCoverThePlot() {
    List<Chart.Column> columns = chart("loss", epochs("0.99")).columns();
    double to = 0;
    for (Chart.Column column : columns) {
      assertEquals(to, column.from(), 0.01);
      to = column.from() + column.width();
    }
    assertEquals(10, columns.size());
    assertEquals(100, to, 0.01);
  }

  @Test
  void theChartsAreWritten(@TempDir Path dir) throws Exception {
    Curves.write(dir, epochs("0.99"));
    for (String name : List.of("accuracy", "loss", "decay", "initial-share")) {
      Element svg = parsed(Files.readString(dir.resolve(name + ".svg"))).getDocumentElement();
      assertEquals("svg", svg.getTagName());
      assertEquals("760", svg.getAttribute("width"));
      assertEquals(
          name.equals("accuracy") ? 2 : name.equals("loss") ? 3 : 1,
          svg.getElementsByTagName("path").getLength(),
          name);
    }
  }

  private static Document parsed(String svg) throws Exception {
    DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
    return factory.newDocumentBuilder().parse(new InputSource(new StringReader(svg)));
  }

  @Test
  void namesInAFileAreNoMarkup() throws Exception {
    String evil = "<script>\"&'</script>";
    Document svg = parsed(Markup.svg(chart("accuracy", epochs(evil))));
    assertEquals(0, svg.getElementsByTagName("script").getLength());
    assertTrue(svg.getDocumentElement().getTextContent().contains("EMA " + evil));
  }

  @Test
  void withoutAnAverageThereIsNoChartOfIt(@TempDir Path dir) {
    Curves.write(dir, epochs());
    assertTrue(Files.exists(dir.resolve("accuracy.svg")));
    assertFalse(Files.exists(dir.resolve("decay.svg")));
    assertEquals(List.of(), Curves.of(List.of()));
  }

  @Test
  void numbersThatAreNotFiniteAreGaps() {
    List<EpochResult> epochs = new ArrayList<>(epochs("0.99"));
    epochs.set(4, Runs.epoch(5, Runs.average("0.99", 0.5, Double.POSITIVE_INFINITY)));
    epochs.set(6, Runs.epoch(7, Runs.average("0.99", 0.5, Double.NaN)));
    Chart loss = chart("loss", epochs);
    String path = loss.lines().get(1).path();
    assertEquals(3, path.split("M", -1).length - 1, path);
    assertEquals(5, path.split("L", -1).length - 1, path);
    assertTrue(path.contains("h0M"), path); // epoch 6, between two gaps
    assertTrue(loss.columns().get(4).text().contains("EMA 0.99: not finite"));
    assertEquals(2, loss.columns().get(4).dots().size());
  }

  @Test
  void lossesOfManyMagnitudesAreOnALogarithmicAxis() {
    List<EpochResult> epochs = new ArrayList<>(epochs("0.99"));
    epochs.set(9, Runs.epoch(10, Runs.average("0.99", 0.5, 4e6)));
    assertEquals(
        List.of("0.1", "10", "1000", "100000", "1e7"),
        chart("loss", epochs).y().stream().map(Axis.Tick::label).toList());
  }

  @Test
  void whatCannotBeDrawnLeavesTheChartEmpty() throws Exception {
    Score nothing = new Score(Double.NaN, Double.NaN);
    AveragedResult average =
        new AveragedResult("1", "s", 1, 1, OptionalDouble.empty(), Optional.of(nothing));
    List<EpochResult> diverged =
        List.of(new EpochResult(1, 1, 0.1, Double.NaN, nothing, List.of(average), 1, 1));
    assertEquals(List.of(), chart("accuracy", diverged).lines());
    assertEquals(List.of(), chart("loss", diverged).columns());
    for (Chart chart : Curves.of(diverged)) {
      parsed(Markup.svg(chart));
    }
  }
}
