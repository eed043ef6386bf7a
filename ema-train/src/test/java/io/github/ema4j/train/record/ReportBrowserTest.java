// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.record;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.dl4j.evaluation.Gain;
import io.github.ema4j.testing.browser.Browser;
import java.nio.file.Path;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.By;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.interactions.Actions;

/** The report in a real browser. */
class ReportBrowserTest {
  @TempDir Path dir;
  private Browser page;

  @BeforeEach
  void start() {
    page = Browser.start();
  }

  @AfterEach
  void stop() {
    if (page != null) {
      page.close();
    }
  }

  /** A run as they are: the raw weights jump about, and the longer average lags behind. */
  private static List<EpochResult> epochs(int count) {
    Random random = new Random(2);
    List<EpochResult> epochs = new ArrayList<>();
    for (int epoch = 1; epoch <= count; epoch++) {
      double trained = 1 - Math.exp(-6.0 * epoch / count);
      double raw = 0.6 + 0.22 * trained + 0.03 * random.nextGaussian();
      epochs.add(
          new EpochResult(
              epoch,
              157L * epoch,
              0.01,
              0.5 + 1.5 * Math.exp(-8.0 * epoch / count),
              new Score(raw, 2 - 1.8 * raw),
              List.of(
                  average("0.99", 0.6 + 0.25 * trained, Math.pow(0.2, epoch)),
                  average("0.999", 0.3 + 0.53 * trained, Math.pow(0.85, epoch))),
              10.4,
              1273));
    }
    return epochs;
  }

  private static AveragedResult average(String name, double accuracy, double initialShare) {
    int gained = (int) Math.round(2_000 * (accuracy - 0.8)) + 200;
    return new AveragedResult(
        name,
        "constant(decay=" + name + ")",
        Double.parseDouble(name),
        initialShare,
        OptionalDouble.of(0.1),
        Optional.of(new Score(accuracy, 1.9 - 1.8 * accuracy)),
        Optional.of(new Gain(2_000, 100, Math.max(0, gained), 700, 0.0303, 0.0191)));
  }

  private void open(List<EpochResult> epochs) {
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put("model", "lenet");
    settings.put("model-ema-schedule", "copy-first(updates=100, then=constant(decay=0.998))");
    settings.put("output", "/data/somebody/experiments/with/a/long/path/that/has/no/space/in/it");
    RunDescription run =
        new RunDescription(
            "./train ../imagenette2-320 --model lenet --model-ema --model-ema-decay 0.99,0.999",
            settings,
            Map.of("Java", "OpenJDK 64-Bit Server VM 17.0.15+6"),
            "lenet",
            431_080,
            "Fashion-MNIST, as shipped with EMA4J: 5000 training and 2000 validation images",
            Runs.CLOCK.instant());
    Path html = dir.resolve("report.html");
    RunReport.write(html, run, epochs, Runs.findings(Optional.empty()), ZoneId.of("UTC"));
    page.driver().get(html.toUri().toString());
  }

  @Test
  void isLegibleOnAnyScreenInAnyLight() throws Exception {
    open(epochs(10));
    for (int width : Browser.WIDTHS) {
      for (String scheme : Browser.SCHEMES) {
        assertLegible("report", width, scheme);
      }
    }
    open(epochs(300));
    assertLegible("report-300", 400, "light");
    page.assertNoErrors();
  }

  private void assertLegible(String name, int width, String scheme) throws Exception {
    String what = name + "-" + width + "-" + scheme;
    page.show(width, scheme);
    page.screenshot(what);
    page.assertLegible(what);
    page.assertApart("figure:first-child text, h2", what);
    page.assertApart("figure:last-child text", what);
  }

  @Test
  void isBrightOrDarkAsTheReaderLikes() {
    open(epochs(3));
    page.show(800, "dark");
    assertEquals("rgba(24, 26, 31, 1)", background());
    page.show(800, "light");
    assertEquals("rgba(255, 255, 255, 1)", background());
  }

  private String background() {
    return page.driver().findElement(By.tagName("body")).getCssValue("background-color");
  }

  @Test
  void thePointerShowsTheEpochThatItIsAt() {
    open(epochs(60));
    List<WebElement> columns =
        page.driver().findElements(By.cssSelector("figure:first-child .values > g"));
    assertEquals(60, columns.size());
    WebElement column = columns.get(30);
    WebElement dot = column.findElement(By.tagName("circle"));
    assertEquals("0", dot.getCssValue("opacity"));
    new Actions(page.driver()).moveToElement(column.findElement(By.tagName("rect"))).perform();
    page.waiting().until(shown -> dot.getCssValue("opacity").equals("1")); // at its next frame
    String text = column.findElement(By.tagName("title")).getAttribute("textContent");
    assertTrue(text.matches("epoch 31\nraw: [0-9.]+ %\nEMA 0.99: [0-9.]+ %\n.*"), text);
  }
}
