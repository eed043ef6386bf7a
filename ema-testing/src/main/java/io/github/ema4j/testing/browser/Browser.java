// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.testing.browser;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;
import org.openqa.selenium.support.ui.WebDriverWait;
import org.slf4j.LoggerFactory;

/**
 * Chromium, without a window. Without it and its driver on the path the test is skipped, unless the
 * property {@code ema4j.browser} is {@code required}.
 */
public final class Browser implements AutoCloseable {

  /** Widths in pixels that every page has to fit: a phone, half a screen, a screen. */
  public static final List<Integer> WIDTHS = List.of(400, 800, 1440);

  /** What a reader may prefer. */
  public static final List<String> SCHEMES = List.of("light", "dark");

  private static final Logger SELENIUM = Logger.getLogger("org.openqa.selenium");

  private final ChromeDriver driver;

  private Browser(ChromeDriver driver) {
    this.driver = driver;
  }

  /** Starts one, of 1440 pixels. */
  public static Browser start() {
    Optional<File> chromium = onPath("chromium", "google-chrome");
    Optional<File> driver = onPath("chromedriver");
    if (chromium.isEmpty() || driver.isEmpty()) {
      String reason =
          "There is no chromium with chromedriver on the path; .ci/browser installs them";
      if ("required".equals(System.getProperty("ema4j.browser"))) {
        fail(reason);
      }
      LoggerFactory.getLogger(Browser.class).warn("Skipped: {}", reason);
      abort(reason);
    }
    LoggingPreferences logs = new LoggingPreferences();
    logs.enable(LogType.BROWSER, Level.ALL);
    SELENIUM.setLevel(Level.SEVERE); // It warns that it is older than the browser.
    ChromeOptions options = new ChromeOptions();
    options.setBinary(chromium.orElseThrow());
    options.setCapability("goog:loggingPrefs", logs);
    // In containers there is neither a sandbox for root nor much shared memory.
    options.addArguments(
        "--headless=new",
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--disable-gpu",
        "--hide-scrollbars", // a picture of the whole page would lack its last 15 columns
        "--disable-background-networking");
    Browser browser =
        new Browser(
            new ChromeDriver(
                new ChromeDriverService.Builder()
                    .usingDriverExecutable(driver.orElseThrow())
                    .build(),
                options));
    browser.show(1440, "light");
    return browser;
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

  /** The driver, for all that this class has no method for. */
  public ChromeDriver driver() {
    return driver;
  }

  /** Waits up to a minute. */
  public WebDriverWait waiting() {
    return new WebDriverWait(driver, Duration.ofSeconds(60));
  }

  /**
   * Takes another width and colour scheme.
   *
   * @param width in pixels; a window could not be narrower than 500
   * @param scheme one of {@link #SCHEMES}
   */
  public void show(int width, String scheme) {
    driver.executeCdpCommand(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", width, "height", 1000, "deviceScaleFactor", 1, "mobile", false));
    driver.executeCdpCommand(
        "Emulation.setEmulatedMedia",
        Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", scheme))));
  }

  /**
   * Writes a picture of the whole page.
   *
   * @param name of the file in {@code target/screenshots}, without ending
   */
  public void screenshot(String name) throws IOException {
    Map<String, Object> answer =
        driver.executeCdpCommand("Page.captureScreenshot", Map.of("captureBeyondViewport", true));
    Path directory = Files.createDirectories(Path.of("target", "screenshots"));
    Files.write(
        directory.resolve(name + ".png"), Base64.getDecoder().decode((String) answer.get("data")));
  }

  /** That one need not scroll sideways, and no text is smaller than 11 points. */
  public void assertLegible(String what) {
    @SuppressWarnings("unchecked")
    List<String> wide =
        (List<String>)
            driver.executeScript(
                """
                const wide = [];
                const width = document.documentElement.clientWidth;
                if (document.documentElement.scrollWidth > width) {
                  wide.push('the page: ' + document.documentElement.scrollWidth);
                }
                const scrolls = e => e && (/auto|scroll/.test(getComputedStyle(e).overflowX) || scrolls(e.parentElement));
                for (const e of document.querySelectorAll('body *')) {
                  const box = e.getBoundingClientRect();
                  if (box.width && (box.right > width + 1 || box.left < -1) && !scrolls(e.parentElement)) {
                    wide.push(e.tagName + ' ' + e.className + ' ' + box.left + ' to ' + box.right);
                  }
                  const text = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
                  if (box.width && text && parseFloat(getComputedStyle(e).fontSize) < 11) {
                    wide.push(e.tagName + ' ' + e.textContent + ' of ' + getComputedStyle(e).fontSize);
                  }
                }
                return wide;
                """);
    assertEquals(List.of(), wide, what);
  }

  /**
   * That nothing lies over texts, as a shade would.
   *
   * @param selector of the texts
   */
  public void assertInFront(String selector, String what) {
    Object covered =
        driver.executeScript(
            """
            for (const e of document.querySelectorAll(arguments[0])) {
              if (!e.getBoundingClientRect().width) {
                continue;
              }
              e.scrollIntoView();
              const box = e.getBoundingClientRect();
              const front = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
              if (!e.contains(front)) {
                return e.textContent + ' under ' + front.tagName + ' ' + front.className;
              }
            }
            window.scrollTo(0, 0);
            return 'in front';
            """,
            selector);
    assertEquals("in front", covered, what);
  }

  /**
   * That texts do not lie on each other.
   *
   * @param selector of the texts
   */
  public void assertApart(String selector, String what) {
    Object touching =
        driver.executeScript(
            """
            const boxes = [...document.querySelectorAll(arguments[0])]
                .map(e => [e.textContent, e.getBoundingClientRect()]).filter(b => b[1].width);
            for (const [i, a] of boxes.entries()) {
              for (const b of boxes.slice(0, i)) {
                if (a[1].left < b[1].right && b[1].left < a[1].right && a[1].top < b[1].bottom && b[1].top < a[1].bottom) {
                  return a[0] + ' on ' + b[0];
                }
              }
            }
            return boxes.length ? 'apart' : 'none';
            """,
            selector);
    assertEquals("apart", touching, what + ": " + selector);
  }

  /** That nothing has gone wrong which the browser would tell a developer. */
  public void assertNoErrors() {
    List<LogEntry> errors =
        driver.manage().logs().get(LogType.BROWSER).getAll().stream()
            .filter(entry -> entry.getLevel().intValue() >= Level.WARNING.intValue())
            .toList();
    assertTrue(errors.isEmpty(), errors::toString);
  }

  @Override
  public void close() {
    driver.quit();
  }
}
