// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.ui;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import io.github.ema4j.dl4j.ModelEmaGroup;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.evaluation.EmaEvaluator;
import io.github.ema4j.dl4j.evaluation.EmaHistory;
import io.github.ema4j.testing.dl4j.Batches;
import io.github.ema4j.testing.dl4j.Data;
import io.github.ema4j.testing.dl4j.Nets;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.deeplearning4j.core.storage.StatsStorage;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.listeners.SleepyTrainingListener;
import org.deeplearning4j.ui.api.UIServer;
import org.deeplearning4j.ui.model.stats.StatsListener;
import org.deeplearning4j.ui.model.storage.FileStatsStorage;
import org.deeplearning4j.ui.model.storage.InMemoryStatsStorage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.By;
import org.openqa.selenium.Dimension;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.StaleElementReferenceException;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;
import org.openqa.selenium.support.ui.ExpectedConditions;
import org.openqa.selenium.support.ui.Select;
import org.openqa.selenium.support.ui.WebDriverWait;
import org.slf4j.LoggerFactory;

/**
 * The page in a real browser. Without Chromium and its driver on the path it is skipped, unless the
 * property {@code ema4j.browser} is {@code required}.
 */
class BrowserTest {

  private static final Logger SELENIUM = Logger.getLogger("org.openqa.selenium");

  private UIServer server;
  private ChromeDriver browser;
  private WebDriverWait wait;

  private static File chromium;
  private static File driver;

  @BeforeAll
  static void find() {
    Optional<File> foundChromium = onPath("chromium", "google-chrome");
    Optional<File> foundDriver = onPath("chromedriver");
    if (foundChromium.isEmpty() || foundDriver.isEmpty()) {
      String reason =
          "There is no chromium with chromedriver on the path; .ci/browser installs them";
      if ("required".equals(System.getProperty("ema4j.browser"))) {
        fail(reason);
      }
      LoggerFactory.getLogger(BrowserTest.class).warn("Skipped: {}", reason);
      abort(reason);
    }
    chromium = foundChromium.orElseThrow();
    driver = foundDriver.orElseThrow();
  }

  @BeforeEach
  void start() {
    server = UIServer.getInstance();
    LoggingPreferences logs = new LoggingPreferences();
    logs.enable(LogType.BROWSER, Level.ALL);
    SELENIUM.setLevel(Level.SEVERE); // It warns that it is older than the browser.
    ChromeOptions options = new ChromeOptions();
    options.setBinary(chromium);
    options.setCapability("goog:loggingPrefs", logs);
    // In containers there is neither a sandbox for root nor much shared memory.
    options.addArguments(
        "--headless=new",
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--disable-gpu",
        "--disable-background-networking");
    browser =
        new ChromeDriver(
            new ChromeDriverService.Builder().usingDriverExecutable(driver).build(), options);
    browser.manage().window().setSize(new Dimension(1440, 1620));
    wait = new WebDriverWait(browser, Duration.ofSeconds(60));
  }

  private static Optional<File> onPath(String... names) {
    return Stream.of(names)
        .flatMap(
            name ->
                Stream.of(System.getenv("PATH").split(File.pathSeparator))
                    .map(directory -> new File(directory, name)))
        .filter(File::canExecute)
        .findFirst();
  }

  @AfterEach
  void stop() throws Exception {
    if (browser != null) {
      browser.quit();
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
            page -> {
              new Select(page.findElement(By.id(id))).selectByValue(value);
              return true;
            });
  }

  private void assertNoErrors() {
    List<LogEntry> errors =
        browser.manage().logs().get(LogType.BROWSER).getAll().stream()
            .filter(entry -> entry.getLevel().intValue() >= Level.WARNING.intValue())
            .toList();
    assertEquals(List.of(), errors);
  }

  @Test
  void showsTrainingWhileItRuns() throws Exception {
    StatsStorage storage = new InMemoryStatsStorage();
    server.attach(storage);
    browser.get(server.getAddress() + "/ema");
    assertTrue(text("#message").startsWith("Waiting for averaged weights"), text("#message"));

    CompletableFuture<String> training = CompletableFuture.supplyAsync(() -> train(storage));
    wait.until(page -> points("scores", 0) >= 2);
    assertTrue(!training.isDone(), "training still runs");
    long first = points("scores", 0);
    String iteration = text("#iteration");
    String averages = text("#averages");
    wait.until(page -> points("scores", 0) > first);
    assertTrue(!iteration.equals(text("#iteration")), iteration);
    assertTrue(!averages.equals(text("#averages")), averages);
    assertTrue(!browser.findElement(By.id("message")).isDisplayed());

    String session = training.get(60, TimeUnit.SECONDS);
    wait.until(page -> text("#iteration").equals("Iteration 800"));
    // The page may have asked when only some of the averages had reported of that iteration.
    wait.until(page -> points("scores", 3) == 40 && points("decay", 2) == 120);
    // Raw and three averages, evaluated at every 20th iteration.
    assertEquals(List.of(40L, 40L, 40L, 40L), points("scores"));
    // Posted at every 10th iteration, and evaluated at every 20th.
    assertEquals(List.of(120L, 120L, 120L), points("decay"));
    assertEquals(List.of(120L, 120L, 120L), points("initial-share"));
    // Of one average, the two layers of the network.
    assertEquals(List.of(120L, 120L), points("distance"));
    assertEquals(List.of(1L, 1L), points("distance-latest"));
    assertEquals(3, browser.findElements(By.cssSelector("#averages tr")).size());
    assertTrue(text("#session").contains(session), text("#session"));

    String accuracy = text("#averages");
    select("score", "f1");
    assertEquals("f1", text(".score-name"));
    assertTrue(!accuracy.equals(text("#averages")));
    select("score", "accuracy");
    select("average", "0.995");
    assertNoErrors();
    Path screenshot = Files.createDirectories(Path.of("target", "screenshots")).resolve("ema.png");
    Files.write(screenshot, browser.getScreenshotAs(OutputType.BYTES));

    for (String page : List.of("overview", "model", "system")) {
      browser.findElement(By.cssSelector("a[data-page=" + page + "]")).click();
      wait.until(ExpectedConditions.urlToBe(server.getAddress() + "/train/" + page));
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
    wait.until(page -> points("distance", 0) == 6);
    assertTrue(text("#distance-latest").contains("older"));

    select("session", newer);
    wait.until(page -> text("#distance-latest").contains(name));
    assertEquals(List.of(6L, 6L), points("distance"));
    assertTrue(text("#distance").contains(name), text("#distance"));
    assertEquals(0, browser.findElements(By.cssSelector("main img")).size());
    assertEquals("Averaged weights - DL4J Training UI", browser.getTitle());
    assertNoErrors();
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
    wait.until(page -> points("distance", 0) == 20);
    browser.findElement(By.cssSelector("a[data-page=overview]")).click();
    wait.until(
        ExpectedConditions.urlToBe(
            server.getAddress() + "/train/" + stats.getSessionID() + "/overview"));
    wait.until(page -> text("#modelType").equals("ComputationGraph"));
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
