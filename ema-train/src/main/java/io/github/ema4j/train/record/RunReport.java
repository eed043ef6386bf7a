// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.record;

import io.github.ema4j.train.error.UserError;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import javax.imageio.ImageIO;

/**
 * A run as one page for a browser: its best epochs, curves, all epochs, settings and environment.
 * The page is a single file that loads nothing, so it can be kept, mailed and opened from disk.
 */
public final class RunReport {
  private static final String PAGE =
      """
      <!DOCTYPE html>
      <html lang="en">
      <meta charset="utf-8">
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
      <meta name="viewport" content="width=device-width">
      <title>%1$s</title>
      <style>
      body { max-width: 64rem; margin: 2rem auto; padding: 0 1rem; color: #222; background: #fff;
        font: 16px/1.5 system-ui, sans-serif; }
      h1 { font-size: 1.6rem; margin-bottom: 0; }
      h2 { font-size: 1.2rem; margin: 2rem 0 .5rem; }
      .wide { overflow-x: auto; }
      table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
      th, td { padding: .2rem .8rem; border-bottom: 1px solid #ddd; text-align: right; white-space: nowrap; }
      th { background: #f5f5f5; font-weight: 600; }
      .wide { font-size: .85rem; }
      .names th, .names td { text-align: left; white-space: normal; overflow-wrap: anywhere; vertical-align: top; }
      .best th:first-child, .best td:first-child { text-align: left; }
      pre { padding: .6rem .8rem; background: #f5f5f5; white-space: pre-wrap; overflow-wrap: anywhere; }
      img { display: block; max-width: 100%%; margin: 1rem 0; }
      </style>
      <h1>%1$s</h1>
      %2$s
      </html>
      """;

  private RunReport() {}

  /**
   * Writes the page, replacing an older one.
   *
   * @param html the file
   * @param run what was run
   * @param epochs in their order; may be empty
   * @throws UserError if it cannot be written
   */
  public static void write(Path html, RunDescription run, List<EpochResult> epochs) {
    String page = PAGE.formatted(Html.text(run.model() + " on " + run.data()), body(run, epochs));
    try {
      OutputFile.write(html, out -> out.write(page.getBytes(StandardCharsets.UTF_8)));
    } catch (IOException e) {
      throw WriteFailure.of(html, e);
    }
  }

  private static String body(RunDescription run, List<EpochResult> epochs) {
    return String.format(
            Locale.ROOT,
            "<p>Parameters: %,d. Epochs: %d. Started: %s.\n",
            run.parameters(),
            epochs.size(),
            run.started())
        + (epochs.isEmpty() ? "" : results(epochs))
        + section("Command", "<pre>" + Html.text(run.command()) + "</pre>\n")
        + schedules(epochs)
        + section("Settings", Html.table(run.settings()))
        + section("Environment", Html.table(run.environment()));
  }

  private static String results(List<EpochResult> epochs) {
    StringBuilder curves = new StringBuilder();
    Curves.all(epochs).forEach((name, image) -> curves.append(picture(name, image)));
    return section("Best validation accuracy", "<div class=\"best\">" + best(epochs) + "</div>\n")
        + gains(epochs.get(epochs.size() - 1))
        + section("Curves", curves.toString())
        + section("Epochs", "<div class=\"wide\">" + epochTable(epochs) + "</div>\n");
  }

  /** Of each set of weights its best epoch and its last. */
  private static String best(List<EpochResult> epochs) {
    List<List<String>> rows = new ArrayList<>();
    scores(epochs)
        .forEach(
            (weights, score) -> {
              Optional<EpochResult> best = best(epochs, score);
              Optional<EpochResult> last = Optional.of(epochs.get(epochs.size() - 1));
              rows.add(
                  List.of(
                      weights,
                      best.map(epoch -> Integer.toString(epoch.epoch())).orElse(""),
                      best.flatMap(score).map(RunReport::percent).orElse(""),
                      best.flatMap(score).map(RunReport::loss).orElse(""),
                      last.flatMap(score).map(RunReport::percent).orElse(""),
                      last.flatMap(score).map(RunReport::loss).orElse("")));
            });
    return Html.table(
        List.of("weights", "best epoch", "accuracy (%)", "loss", "last accuracy (%)", "last loss"),
        rows);
  }

  /** What each average was worth after the last epoch. */
  private static String gains(EpochResult last) {
    List<List<String>> rows = new ArrayList<>();
    StringBuilder forecasts = new StringBuilder();
    for (AveragedResult average : last.averages()) {
      average
          .gain()
          .ifPresent(
              gain -> {
                rows.add(
                    List.of(
                        "EMA " + average.name(),
                        format("%+.2f", 100 * gain.accuracy())
                            + format(" ± %.2f", 100 * gain.standardError()),
                        format("%.2f", 100 * gain.churn()),
                        format("%.2f", 100 * gain.rawCalibrationError()),
                        format("%.2f", 100 * gain.averagedCalibrationError())));
                forecasts.append(Html.text("EMA " + average.name() + ": " + gain.forecast() + "."));
                forecasts.append("<br>\n");
              });
    }
    return rows.isEmpty()
        ? ""
        : section(
            "Average against raw weights",
            "<div class=\"best\">"
                + Html.table(
                    List.of(
                        "weights",
                        "gain (points)",
                        "predictions that differ (%)",
                        "calibration error raw (%)",
                        "averaged (%)"),
                    rows)
                + "</div>\n<p>"
                + forecasts);
  }

  /** Where to find the score of each set of weights in an epoch, by its name. */
  private static Map<String, Function<EpochResult, Optional<Score>>> scores(
      List<EpochResult> epochs) {
    Map<String, Function<EpochResult, Optional<Score>>> scores = new LinkedHashMap<>();
    scores.put("raw", epoch -> Optional.of(epoch.raw()));
    for (String name : EpochResult.averageNames(epochs)) {
      scores.put("EMA " + name, epoch -> epoch.average(name).flatMap(AveragedResult::score));
    }
    return scores;
  }

  /** Of equal accuracies the earliest; one that is not a number is never the best. */
  private static Optional<EpochResult> best(
      List<EpochResult> epochs, Function<EpochResult, Optional<Score>> score) {
    ToDoubleFunction<EpochResult> accuracy =
        epoch -> score.apply(epoch).map(Score::accuracy).orElse(Double.NaN);
    return epochs.stream()
        .filter(epoch -> !Double.isNaN(accuracy.applyAsDouble(epoch)))
        .reduce((a, b) -> accuracy.applyAsDouble(b) > accuracy.applyAsDouble(a) ? b : a);
  }

  /** How the decay of each average is scheduled. */
  private static String schedules(List<EpochResult> epochs) {
    Map<String, String> schedules = new LinkedHashMap<>();
    epochs.forEach(
        epoch -> epoch.averages().forEach(a -> schedules.put("EMA " + a.name(), a.schedule())));
    return schedules.isEmpty() ? "" : section("Averages", Html.table(schedules));
  }

  private static String epochTable(List<EpochResult> epochs) {
    Map<String, Function<EpochResult, Optional<Score>>> scores = scores(epochs);
    List<String> names = EpochResult.averageNames(epochs);
    List<String> head =
        new ArrayList<>(List.of("epoch", "iteration", "learning rate", "train loss"));
    scores.keySet().forEach(name -> head.addAll(List.of(name + " (%)", name + " loss")));
    names.forEach(name -> head.addAll(List.of("decay " + name, "initial share " + name + " (%)")));
    head.addAll(List.of("seconds", "images/s"));
    List<List<String>> rows = new ArrayList<>();
    for (EpochResult epoch : epochs) {
      List<String> row = new ArrayList<>();
      row.add(Integer.toString(epoch.epoch()));
      row.add(Long.toString(epoch.iteration()));
      row.add(format("%.4g", epoch.learningRate()));
      row.add(format("%.4f", epoch.trainLoss()));
      for (Function<EpochResult, Optional<Score>> score : scores.values()) {
        row.add(score.apply(epoch).map(RunReport::percent).orElse(""));
        row.add(score.apply(epoch).map(RunReport::loss).orElse(""));
      }
      for (String name : names) {
        Optional<AveragedResult> average = epoch.average(name);
        row.add(average.map(a -> Double.toString(a.decay())).orElse(""));
        row.add(average.map(a -> format("%.2f", 100 * a.initialShare())).orElse(""));
      }
      row.add(format("%.1f", epoch.seconds()));
      row.add(format("%.0f", epoch.imagesPerSecond()));
      rows.add(row);
    }
    return Html.table(head, rows);
  }

  private static String percent(Score score) {
    return format("%.2f", 100 * score.accuracy());
  }

  private static String loss(Score score) {
    return format("%.4f", score.loss());
  }

  private static String format(String format, Object value) {
    return String.format(Locale.ROOT, format, value);
  }

  private static String section(String title, String content) {
    return "<h2>" + title + "</h2>\n" + content;
  }

  private static String picture(String name, BufferedImage image) {
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    try {
      ImageIO.write(image, "png", png);
    } catch (IOException e) {
      throw new UncheckedIOException("into memory", e);
    }
    return format("<img alt=\"%s\" ", name)
        + format("width=\"%d\" ", Curves.WIDTH)
        + format(
            "src=\"data:image/png;base64,%s\">\n",
            Base64.getEncoder().encodeToString(png.toByteArray()));
  }
}
