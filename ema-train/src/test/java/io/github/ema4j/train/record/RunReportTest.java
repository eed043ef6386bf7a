// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.record;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.dl4j.evaluation.Gain;
import io.github.ema4j.train.error.UserError;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunReportTest {
  @TempDir Path dir;

  private String page(RunDescription run, List<EpochResult> epochs) throws IOException {
    Path html = dir.resolve("report.html");
    RunReport.write(html, run, epochs);
    return Files.readString(html);
  }

  private static EpochResult epoch(int epoch, double raw, AveragedResult... averages) {
    return new EpochResult(
        epoch, 10L * epoch, 0.1, 0.5, new Score(raw, 0.75), List.of(averages), 2.5, 4000);
  }

  @Test
  void theBestEpochsOfRawAndAveragedWeightsAreFound() throws IOException {
    String page =
        page(
            Runs.description(),
            List.of(
                epoch(1, Double.NaN, Runs.average("0.99", 0.5, 1)),
                epoch(2, 0.8, Runs.average("0.99", 0.875, 0.5)),
                epoch(3, 0.8, Runs.average("0.99", 0.875, 0.4)),
                epoch(4, 0.7, Runs.average("0.99", 0.8, 0.3))));
    assertTrue(page.contains("<tr><td>raw<td>2<td>80.00<td>0.7500<td>70.00<td>0.7500\n"), page);
    assertTrue(
        page.contains("<tr><td>EMA 0.99<td>2<td>87.50<td>0.5000<td>80.00<td>0.3000\n"), page);
  }

  @Test
  void lastEpochSaysWhatTheAverageIsWorth() throws IOException {
    AveragedResult plain = Runs.average("0.99", 0.854, 0.5);
    AveragedResult compared =
        new AveragedResult(
            plain.name(),
            plain.schedule(),
            plain.decay(),
            plain.initialShare(),
            plain.distance(),
            plain.score(),
            Optional.of(new Gain(2_000, 108, 216, 400, 0.0303, 0.0191)));
    String page = page(Runs.description(), List.of(epoch(1, 0.8, compared)));
    assertTrue(page.contains("<tr><td>EMA 0.99<td>+5.40 ± 0.90<td>20.00<td>3.03<td>1.91\n"), page);
    assertTrue(page.contains("EMA 0.99: the average is 5.4 points better (± 0.9)"), page);
    assertFalse(page(Runs.description(), List.of(epoch(1, 0.8, plain))).contains("against raw"));
  }

  @Test
  void everyEpochIsARow() throws IOException {
    String page =
        page(Runs.description(), List.of(epoch(7, 0.8, Runs.average("0.99", 0.875, 0.5))));
    assertTrue(
        page.contains(
            "<tr><td>7<td>70<td>0.1000<td>0.5000<td>80.00<td>0.7500<td>87.50<td>0.5000"
                + "<td>0.99<td>25.00<td>2.5<td>4000\n"),
        page);
    assertTrue(page.contains("<tr><th>EMA 0.99<td>constant 0.99\n"), page);
    assertTrue(page.contains("<tr><th>lr<td>0.1\n"), page);
    assertTrue(page.contains("<tr><th>java<td>17\n"), page);
    assertTrue(
        page.contains("Parameters: 431,080. Epochs: 1. Started: 2025-03-01T11:59:00Z."), page);
  }

  @Test
  void theCurvesAreInThePage() throws IOException {
    String page = page(Runs.description(), List.of(epoch(1, 0.8, Runs.average("0.99", 0.9, 1))));
    Matcher images = Pattern.compile("src=\"data:image/png;base64,([^\"]*)\"").matcher(page);
    int count = 0;
    while (images.find()) {
      byte[] png = Base64.getDecoder().decode(images.group(1));
      assertEquals(2 * Curves.WIDTH, ImageIO.read(new ByteArrayInputStream(png)).getWidth());
      count++;
    }
    assertEquals(3, count);
  }

  @Test
  void nothingIsLoadedFromElsewhere() throws IOException {
    String page = page(Runs.description(), List.of(epoch(1, 0.8)));
    assertTrue(page.contains("content=\"default-src 'none'; img-src data:;"), page);
    assertFalse(
        Pattern.compile("(src|href)=\"(?!data:)|@import|url\\(|<script").matcher(page).find());
  }

  @Test
  void textIsNeverMarkup() throws IOException {
    String evil = "<script>alert(\"1\")</script>&'";
    String safe = "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;";
    String page =
        page(
            new RunDescription(
                evil, Map.of(evil, evil), Map.of(evil, evil), evil, 1, evil, Instant.EPOCH),
            List.of(epoch(1, 0.8, Runs.average(evil, 0.5, 1))));
    assertFalse(page.contains("<script"), page);
    assertTrue(page.contains("<title>" + safe + " on " + safe + "</title>"), page);
    assertTrue(page.contains("<tr><th>" + safe + "<td>" + safe + "\n"), page);
    assertTrue(page.contains("<pre>" + safe + "</pre>"), page);
    assertTrue(page.contains("<td>EMA " + safe + "<td>"), page);
  }

  @Test
  void aPercentSignIsNoFormat() throws IOException {
    RunDescription run =
        new RunDescription("%s %n", Map.of(), Map.of(), "50%", 1, "%d", Instant.EPOCH);
    String page = page(run, List.of());
    assertTrue(page.contains("<h1>50% on %d</h1>"), page);
    assertTrue(page.contains("<pre>%s %n</pre>"), page);
    assertTrue(page.contains("max-width: 100%;"), page);
  }

  @Test
  void aRunWithoutEpochsHasAPage() throws IOException {
    String page = page(Runs.description(), List.of());
    assertTrue(page.contains("Epochs: 0."), page);
    assertFalse(page.contains("<img"), page);
  }

  @Test
  void numbersHavePointsInEveryCountry() throws IOException {
    Locale before = Locale.getDefault();
    String there = page(Runs.description(), List.of(epoch(1, 0.8)));
    try {
      Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
      String here = page(Runs.description(), List.of(epoch(1, 0.8)));
      assertEquals(withoutImages(there), withoutImages(here));
    } finally {
      Locale.setDefault(before);
    }
  }

  private static String withoutImages(String page) {
    return page.replaceAll("base64,[^\"]*", "");
  }

  @Test
  void aFileThatCannotBeWrittenIsNamed() {
    Path html = dir.resolve("missing/report.html");
    UserError error =
        assertThrows(UserError.class, () -> RunReport.write(html, Runs.description(), List.of()));
    assertTrue(error.getMessage().contains(html.toString()), error.getMessage());
  }
}
