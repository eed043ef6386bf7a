// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.ui;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.dl4j.ModelEmaGroup;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.evaluation.EmaEvaluator;
import io.github.ema4j.dl4j.evaluation.EmaHistory;
import io.github.ema4j.testing.browser.Browser;
import io.github.ema4j.testing.dl4j.Batches;
import io.github.ema4j.testing.dl4j.Data;
import io.github.ema4j.testing.dl4j.Nets;
import java.io.File;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.deeplearning4j.core.storage.StatsStorage;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.listeners.SleepyTrainingListener;
import org.deeplearning4j.ui.api.UIServer;
import org.deeplearning4j.ui.model.stats.StatsListener;
import org.deeplearning4j.ui.model.storage.FileStatsStorage;
import org.deeplearning4j.ui.model.storage.InMemoryStatsStorage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.By;
import org.openqa.selenium.StaleElementReferenceException;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.support.ui.ExpectedConditions;
import org.openqa.selenium.support.ui.Select;
import org.openqa.selenium.support.ui.WebDriverWait;

/** The page in a real browser. */
class BrowserTest {

  private UIServer server;
  private Browser page;
  private ChromeDriver browser;
  private WebDriverWait wait;

  @BeforeEach
  void start() {
    page = Browser.start();
    browser = page.driver();
    wait = page.waiting();
    server = UIServer.getInstance();
  }

  @AfterEach
  void stop() throws Exception {
    if (page != null) {
      page.close();
    }
    UIServer.stopInstance();
  }

  /** Points with a value, in the curves of a chart. */
  private List<Long> points(String chart) {
    @SuppressWarnings("unchecked")
    List<Long> points =
        (List<Long>)
            browser.executeScript(
                "var plot = $('#"
                    + chart
                    + "').data('plot');return plot ? plot.getData().map(function (s) { return"
                    + " s.data.filter(function (p) { return p[1] !== null; }).length; }) : [];");
    return points;
  }

  private long points(String chart, int curve) {
    List<Long> points = points(chart);
    return points.size() > curve ? points.get(curve) : 0;
  }

  /** In one step, as the page may be drawn anew between two. */
  private String text(String selector) {
    return (String)
        browser.executeScript(
            "return document.querySelector(arguments[0]).innerText.trim().replace(/[^\\S\\n"
                + "]+/g, ' ')",
            selector);
  }

  private void select(String id, String value) {
    wait.ignoring(StaleElementReferenceException.class)
        .until(
            found -> {
              new Select(found.findElement(By.id(id))).selectByValue(value);
              return true;
            });
  }

  @Test
  void showsTrainingWhileItRuns() throws Exception {
    StatsStorage storage = new InMemoryStatsStorage();
    server.attach(storage);
    browser.get(server.getAddress() + "/ema");
    wait.until(found -> found.findElement(By.id("empty")).isDisplayed());
    assertTrue(text("#empty").contains("EmaUiListener(stats, ema, history);"), text("#empty"));
    screenshots("ema-empty");

    CompletableFuture<String> training = CompletableFuture.supplyAsync(() -> train(storage));
    wait.until(found -> points("scores", 0) >= 2);
    assertTrue(!training.isDone(), "training still runs");
    long first = points("scores", 0);
    String iteration = text("#iteration");
    String averages = text("#averages");
    wait.until(found -> points("scores", 0) > first);
    assertTrue(!iteration.equals(text("#iteration")), iteration);
    assertTrue(!averages.equals(text("#averages")), averages);
    assertTrue(!browser.findElement(By.id("message")).isDisplayed());

    String session = training.get(60, TimeUnit.SECONDS);
    wait.until(found -> text("#iteration").equals("Iteration 800"));
    // The page may have asked when only some of the averages had reported of that iteration.
    wait.until(found -> points("scores", 3) == 40 && points("decay", 2) == 120);
    // Raw and three averages, evaluated at every 20th iteration.
    assertEquals(List.of(40L, 40L, 40L, 40L), points("scores"));
    // Posted at every 10th iteration, and evaluated at every 20th.
    assertEquals(List.of(120L, 120L, 120L), points("decay"));
    assertEquals(List.of(120L, 120L, 120L), points("initial-share"));
    // Of one average, the two layers of the network.
    assertEquals(List.of(120L, 120L), points("distance"));
    assertEquals(List.of(1L, 1L), points("distance-latest"));
    assertEquals(3, browser.findElements(By.cssSelector("#averages tr")).size());
    assertTrue(text("#session").contains("MultiLayerNetwork of"), text("#session"));
    assertTrue(text("#session").contains("EMA 0.9, 0.99, 0.995"), text("#session"));
    assertTrue(text("#session").endsWith(session.substring(0, 8)), text("#session"));

    String accuracy = text("#averages");
    select("score", "f1");
    assertEquals("f1", text(".score-name"));
    assertTrue(!accuracy.equals(text("#averages")));
    select("score", "accuracy");
    select("average", "0.995");
    page.assertNoErrors();
    assertTrue(!browser.findElement(By.id("diverged")).isDisplayed());
    assertTrue(!browser.findElement(By.id("unscored")).isDisplayed());
    screenshots("ema");

    for (String other : List.of("overview", "model", "system")) {
      browser.findElement(By.cssSelector("a[data-page=" + other + "]")).click();
      wait.until(ExpectedConditions.urlToBe(server.getAddress() + "/train/" + other));
      assertEquals(
          3,
          browser
              .findElements(
                  By.cssSelector(
                      ".sidebar .nav > .nav-item > a[href]:not([href^='#']):not([href='/ema'])"))
              .size());
      browser.navigate().back();
      wait.until(ExpectedConditions.urlToBe(server.getAddress() + "/ema"));
    }
  }

  /** The page at each width and in each colour scheme, and a picture of it. */
  private void screenshots(String name) throws Exception {
    for (int width : Browser.WIDTHS) {
      for (String scheme : Browser.SCHEMES) {
        String what = name + "-" + width + "-" + scheme;
        page.show(width, scheme);
        Thread.sleep(500); // Flot looks at the sizes of its charts from time to time.
        page.screenshot(what);
        page.assertLegible(what);
        page.assertApart(".nav-link, h2, #session", what);
        page.assertInFront("h2", what);
      }
    }
    page.show(1440, "light");
  }

  @Test
  void drawsInTheColoursOfTheStyleSheet() {
    StatsStorage storage = new InMemoryStatsStorage();
    server.attach(storage);
    train(storage, "first");
    browser.get(server.getAddress() + "/ema");
    wait.until(found -> points("scores").size() == 2);
    assertEquals(
        List.of("#666666", "#0072b2"),
        browser.executeScript(
            "return $('#scores').data('plot').getData().map(function (s) { return s.color; });"));
    page.show(1440, "dark");
    assertEquals(
        "rgb(24, 26, 31)",
        browser.executeScript("return getComputedStyle(document.body).backgroundColor"));
  }

  @Test
  void saysThatNothingEvaluates() throws Exception {
    StatsStorage storage = new InMemoryStatsStorage();
    server.attach(storage);
    ModelEmaListener ema = new ModelEmaListener(0.9);
    new EmaUiListener(storage, ema);
    MultiLayerNetwork net = Nets.mlp();
    net.setListeners(ema);
    net.fit(Batches.of(Data.points(1, 160, 0.4), 16), 2);
    browser.get(server.getAddress() + "/ema");
    wait.until(found -> points("decay", 0) == 2);
    assertTrue(text("#unscored").startsWith("No evaluator feeds this page"), text("#unscored"));
    assertTrue(text("#unscored").contains("new EmaEvaluator(ema, validationData)"));
    assertTrue(!browser.findElement(By.id("scores")).isDisplayed());
    screenshots("ema-unscored");
    page.assertNoErrors();
  }

  @Test
  void saysThatTrainingDivergedAndWhatWasSkipped() throws Exception {
    StatsStorage storage = new InMemoryStatsStorage();
    server.attach(storage);
    ModelEmaListener ema = new ModelEmaListener(0.9);
    EmaHistory history = new EmaEvaluator(ema, Batches.of(Data.points(2, 60), 60)).everyEpochs(1);
    new EmaUiListener(storage, ema, history);
    ComputationGraph graph = Nets.mlpGraph("first");
    graph.setListeners(ema);
    graph.fit(Batches.of(Data.points(1, 160, 0.4), 16), 2);
    graph.params().putScalar(0, Double.NaN);
    graph.fit(Batches.of(Data.points(1, 160, 0.4), 16), 1);
    browser.get(server.getAddress() + "/ema");
    wait.until(found -> points("decay", 0) == 6);
    String diverged = text("#diverged");
    assertTrue(diverged.startsWith("Training has diverged: the raw weights are not"), diverged);
    assertTrue(diverged.contains("seen first at iteration 30, in first"), diverged);
    String skipped = text("#skipped");
    assertTrue(skipped.contains("10 updates skipped, as the raw weights were not"), skipped);
    assertTrue(text("#averages").contains("not finite"), text("#averages"));
    assertTrue(text("#advice").contains("lower the learning rate"), text("#advice"));
    screenshots("ema-diverged");
    page.assertNoErrors();
  }

  @Test
  void saysThatASessionIsUnknown() {
    StatsStorage storage = new InMemoryStatsStorage();
    server.attach(storage);
    browser.get(server.getAddress() + "/ema?session=gone");
    wait.until(found -> found.findElement(By.id("unknown")).isDisplayed());
    assertTrue(text("#unknown").startsWith("There is no session gone"), text("#unknown"));
    assertTrue(browser.findElement(By.id("empty")).isDisplayed());

    String session = train(storage, "first");
    wait.until(found -> points("distance", 0) == 6);
    assertTrue(text("#unknown").endsWith("choose another above."), text("#unknown"));
    browser.get(server.getAddress() + "/ema?session=" + session);
    wait.until(found -> points("distance", 0) == 6);
    assertTrue(!browser.findElement(By.id("unknown")).isDisplayed());
    page.assertNoErrors();
  }

  /** 800 iterations with three averages, slow enough to be watched. */
  private static String train(StatsStorage storage) {
    MultiLayerNetwork net = Nets.mlp();
    double[] decays = {0.9, 0.99, 0.995};
    ModelEmaGroup group = ModelEmaGroup.of(decays);
    StatsListener stats = new StatsListener(storage, 10);
    EmaUiListener.Builder ui = EmaUiListener.builder(stats);
    net.setListeners(group);
    for (int i = 0; i < decays.length; i++) {
      ModelEmaListener ema = group.get(i);
      EmaHistory history =
          new EmaEvaluator(ema, Batches.of(Data.points(2, 600), 300)).everyIterations(20);
      net.addListeners(history);
      ui.average(String.valueOf(decays[i]), ema, history);
    }
    net.addListeners(stats, ui.build(), SleepyTrainingListener.builder().timerIteration(5).build());
    net.fit(Batches.of(Data.points(1, 640, 0.4), 16), 20);
    return stats.getSessionID();
  }

  @Test
  void showsSessionsOfAFileAndTheirNamesAsText(@TempDir Path directory) throws Exception {
    String name = "<img src=x onerror=document.title='run'>";
    File file = directory.resolve("runs.dl4j").toFile();
    StatsStorage written = new FileStatsStorage(file);
    String older = train(written, "older");
    String newer = train(written, name);
    written.close();

    StatsStorage read = new FileStatsStorage(file);
    server.attach(read);
    browser.get(server.getAddress() + "/ema?session=" + older);
    wait.until(found -> points("distance", 0) == 6);
    assertTrue(text("#distance-latest").contains("older"));

    select("session", newer);
    wait.until(found -> text("#distance-latest").contains(name.substring(0, 23))); // and is cut
    assertEquals(List.of(6L, 6L), points("distance"));
    assertTrue(text(".legend[data-of=distance]").contains(name));
    assertEquals(0, browser.findElements(By.cssSelector("main img")).size());
    assertEquals("Averaged weights - DL4J Training UI", browser.getTitle());
    page.assertNoErrors();
    read.close();
  }

  @Test
  void linksToTheSessionWhereTheServerHasSeveral() throws Exception {
    UIServer.stopInstance();
    server = UIServer.getInstance(true, null);
    StatsStorage storage = new InMemoryStatsStorage();
    server.attach(storage);
    ModelEmaListener ema = new ModelEmaListener(0.9);
    StatsListener stats = new StatsListener(storage, 1);
    ComputationGraph graph = Nets.mlpGraph("first");
    graph.setListeners(ema, stats, EmaUiListener.builder(stats).average(ema).every(1).build());
    graph.fit(Batches.of(Data.points(1, 160, 0.4), 16), 2);

    browser.get(server.getAddress() + "/ema");
    wait.until(found -> points("distance", 0) == 20);
    browser.findElement(By.cssSelector("a[data-page=overview]")).click();
    wait.until(
        ExpectedConditions.urlToBe(
            server.getAddress() + "/train/" + stats.getSessionID() + "/overview"));
    wait.until(found -> text("#modelType").equals("ComputationGraph"));
  }

  private static String train(StatsStorage storage, String layer) {
    ComputationGraph graph = Nets.mlpGraph(layer);
    ModelEmaListener ema = new ModelEmaListener(0.9);
    EmaHistory history = new EmaEvaluator(ema, Batches.of(Data.points(2, 60), 60)).everyEpochs(1);
    EmaUiListener ui = EmaUiListener.builder(storage).average(ema, history).every(5).build();
    graph.setListeners(ema, history, ui);
    graph.fit(Batches.of(Data.points(1, 160, 0.4), 16), 2);
    return ui.sessionId();
  }
}
