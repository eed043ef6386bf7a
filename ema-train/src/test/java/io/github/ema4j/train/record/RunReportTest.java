// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.record;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.dl4j.evaluation.Gain;
import io.github.ema4j.train.chart.Palette;
import io.github.ema4j.train.error.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunReportTest {
  @TempDir Path dir;

  private String page(RunDescription run, List<EpochResult> epochs) throws IOException {
    return page(run, epochs, Optional.empty());
  }

  private String page(RunDescription run, List<EpochResult> epochs, Optional<String> divergence)
      throws IOException {
    Path html = dir.resolve("report.html");
    RunReport.write(html, run, epochs, Runs.findings(divergence), ZoneId.of("UTC"));
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
    assertFalse(
        page(Runs.description(), List.of(epoch(1, 0.8, plain))).contains("against raw weights"));
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
  }

  @Test
  void opensWithTheResultInWords() throws IOException {
    String page = page(Runs.description(), List.of(epoch(1, 0.853, Runs.average("0.99", 0.87, 1))));
    String text = page.substring(page.indexOf("</style>")).replaceAll("<[^>]*>", "");
    assertTrue(
        text.stripLeading()
            .startsWith(
                """
                lenet on images
                EMA 0.99: 87.0 %, raw 85.3 %: +1.7 points
                """),
        text);
    assertTrue(
        text.contains("1 epoch in 2.5 s; started 1 March 2025, 11:59 UTC; 431,080 parameters."),
        text);
    assertTrue(
        page.contains("<title>lenet on images: EMA 0.99: 87.0 %, raw 85.3 %: +1.7 points</title>"),
        page);
  }

  @Test
  void saysThatTheRunDiverged() throws IOException {
    String page =
        page(Runs.description(), List.of(epoch(1, 0.1)), Optional.of("their loss is not finite"));
    assertTrue(page.contains("<p class=\"headline diverged\">The raw weights diverged</p>"), page);
    assertTrue(page.contains("<p>The raw weights diverged: their loss is not finite.</p>"), page);
    assertFalse(page(Runs.description(), List.of(epoch(1, 0.1))).contains("headline diverged"));
  }

  @Test
  void theCurvesAreInThePage() throws IOException {
    List<EpochResult> epochs =
        List.of(
            epoch(1, 0.8, Runs.average("0.99", 0.9, 1)),
            epoch(2, 0.85, Runs.average("0.99", 0.9, 1)));
    String page = page(Runs.description(), epochs);
    for (String title :
        List.of(
            "Validation accuracy (%)",
            "Loss", "Decay", "Initial weights still in the average (%)")) {
      assertTrue(page.contains("<figcaption>" + title + "</figcaption>"), title);
      assertTrue(page.contains("aria-label=\"" + title + "\""), title);
    }
    assertEquals(2 + 3 + 1 + 1, page.split("<path ", -1).length - 1);
    assertTrue(
        page.contains("<title>epoch 2\nraw: 85.00 %\nEMA 0.99: 90.00 %</title>"), "on hover");
    assertTrue(page.contains("text-anchor=\"end\">82</text>"), "a round tick");
    assertTrue(page.contains("stroke=\"" + Palette.raw().color() + "\""), page);
    assertTrue(page.contains("stroke=\"" + Palette.average(0).color() + "\""), page);
  }

  @Test
  void colourOfTextAndPageAreThoseThatTheReaderLikes() throws IOException {
    String page = page(Runs.description(), List.of(epoch(1, 0.8)));
    Pattern dark =
        Pattern.compile("@media \\(prefers-color-scheme: dark\\) \\{ :root \\{ ([^}]*) \\} \\}");
    Pattern bright = Pattern.compile("(?m)^:root \\{ ([^}]*) \\}$");
    Map<String, String> inTheDark = variables(dark, page);
    Map<String, String> usual = variables(bright, page);
    assertEquals(usual.keySet(), inTheDark.keySet());
    assertEquals(Palette.DARK_BACKGROUND, inTheDark.get("--page"));
    assertEquals("#fff", usual.get("--page"));
    for (Map.Entry<String, String> variable : usual.entrySet()) {
      assertFalse(variable.getValue().equals(inTheDark.get(variable.getKey())), variable.getKey());
      assertTrue(page.contains("var(" + variable.getKey() + ")"), variable.getKey());
    }
    assertTrue(page.contains("<meta name=\"color-scheme\" content=\"light dark\">"), page);
  }

  private static Map<String, String> variables(Pattern block, String page) {
    String variables = block.matcher(page).results().findFirst().orElseThrow().group(1);
    return Pattern.compile("(--[a-z]+): (#[0-9a-f]+);")
        .matcher(variables)
        .results()
        .collect(Collectors.toMap(found -> found.group(1), found -> found.group(2)));
  }

  @Test
  void nothingIsLoadedFromElsewhere() throws IOException {
    String page = page(Runs.description(), List.of(epoch(1, 0.8)));
    assertTrue(page.contains("content=\"default-src 'none'; style-src 'unsafe-inline'\""), page);
    assertFalse(
        Pattern.compile("\\b(src|href)=|@import|url\\(|https?:|<script|<link|<img")
            .matcher(page)
            .find());
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
    assertTrue(page.contains("<title>" + safe + " on " + safe + ": EMA " + safe), page);
    assertTrue(page.contains("\nEMA " + safe + ": 50.00 %</title>"), page);
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
    assertTrue(page.contains("calc(100% - 4rem)"), page);
  }

  @Test
  void aRunWithoutEpochsHasAPage() throws IOException {
    String page = page(Runs.description(), List.of());
    assertTrue(page.contains(">No epoch is done yet.</p>"), page);
    assertTrue(page.contains("No epochs; started"), page);
    assertFalse(page.contains("<figure"), page);
  }

  @Test
  void numbersHavePointsInEveryCountry() throws IOException {
    Locale before = Locale.getDefault();
    String there = page(Runs.description(), List.of(epoch(1, 0.8)));
    try {
      Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
      String here = page(Runs.description(), List.of(epoch(1, 0.8)));
      assertEquals(there, here);
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void aFileThatCannotBeWrittenIsNamed() {
    Path html = dir.resolve("missing/report.html");
    UserError error =
        assertThrows(
            UserError.class,
            () ->
                RunReport.write(
                    html,
                    Runs.description(),
                    List.of(),
                    Runs.findings(Optional.empty()),
                    ZoneOffset.UTC));
    assertTrue(error.getMessage().contains(html.toString()), error.getMessage());
  }
}
