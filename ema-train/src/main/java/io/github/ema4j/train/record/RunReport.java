// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.record;

import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.train.chart.Markup;
import io.github.ema4j.train.error.UserError;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/**
 * A run as one page for a browser: its result in words, best epochs, curves, all epochs, settings
 * and environment. The page is a single file that loads nothing, so it can be kept, mailed and
 * opened from disk. It fits a phone and a screen, bright and dark. Its layout is {@code
 * report.ftlh}.
 */
public final class RunReport {
  private static final String DEFAULT_SCHEDULE = new ModelEmaListener().config().schedule().spec();

  private RunReport() {}

  /**
   * A table of the page.
   *
   * @param head names of the columns
   * @param rows cells, as many as columns
   */
  public record Table(List<String> head, List<List<String>> rows) {
    /** Copies the lists. */
    public Table {
      head = List.copyOf(head);
      rows = rows.stream().map(List::copyOf).toList();
    }
  }

  /**
   * Writes the page, replacing an older one.
   *
   * @param html the file
   * @param run what was run
   * @param epochs in their order; may be empty
   * @param findings what else is known of the run
   * @param zone that dates are in
   * @throws UserError if it cannot be written
   */
  public static void write(
      Path html, RunDescription run, List<EpochResult> epochs, RunFindings findings, ZoneId zone) {
    byte[] page =
        Markup.of("record/report.ftlh", content(run, epochs, findings, zone))
            .getBytes(StandardCharsets.UTF_8);
    try {
      OutputFile.write(html, out -> out.write(page));
    } catch (IOException e) {
      throw WriteFailure.of(html, e);
    }
  }

  private static Map<String, Object> content(
      RunDescription run, List<EpochResult> epochs, RunFindings findings, ZoneId zone) {
    Verdict verdict = Verdict.of(epochs, findings);
    Map<String, Object> content = new LinkedHashMap<>();
    content.put("title", run.model() + " on " + run.data());
    content.put("headline", verdict.headline());
    content.put("explanations", verdict.explanations());
    content.put("diverged", findings.divergence().isPresent());
    content.put("facts", facts(run, epochs, zone));
    content.put("charts", Curves.of(epochs));
    content.put("best", best(epochs));
    content.put("gains", gains(epochs));
    content.put("epochs", epochTable(epochs));
    content.put("command", run.command());
    content.put("averages", schedules(epochs));
    content.put("settings", run.settings());
    content.put("environment", run.environment());
    return content;
  }

  private static List<String> facts(RunDescription run, List<EpochResult> epochs, ZoneId zone) {
    double seconds = epochs.stream().mapToDouble(EpochResult::seconds).sum();
    String trained =
        epochs.isEmpty()
            ? "No epochs"
            : format(epochs.size() == 1 ? "%d epoch in " : "%d epochs in ", epochs.size())
                + Times.duration(seconds);
    return List.of(
        trained,
        "started " + Times.date(run.started(), zone),
        format("%,d parameters", run.parameters()));
  }

  /** Of each set of weights its best epoch and its last. */
  private static Table best(List<EpochResult> epochs) {
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
    return new Table(
        List.of("weights", "best epoch", "accuracy (%)", "loss", "last accuracy (%)", "last loss"),
        rows);
  }

  /** What each average was worth after the last epoch. */
  private static Table gains(List<EpochResult> epochs) {
    List<List<String>> rows = new ArrayList<>();
    List<AveragedResult> last =
        epochs.isEmpty() ? List.of() : epochs.get(epochs.size() - 1).averages();
    for (AveragedResult average : last) {
      average
          .gain()
          .ifPresent(
              gain ->
                  rows.add(
                      List.of(
                          "EMA " + average.name(),
                          format("%+.2f", 100 * gain.accuracy())
                              + format(" ± %.2f", 100 * gain.standardError()),
                          format("%.2f", 100 * gain.churn()),
                          format("%.2f", 100 * gain.rawCalibrationError()),
                          format("%.2f", 100 * gain.averagedCalibrationError()))));
    }
    return new Table(
        List.of(
            "weights",
            "gain (points)",
            "predictions that differ (%)",
            "calibration error raw (%)",
            "averaged (%)"),
        rows);
  }

  /** Where to find the score of each set of weights in an epoch, by its name. */
  private static Map<String, Function<EpochResult, Optional<Score>>> scores(
      List<EpochResult> epochs) {
    Map<String, Function<EpochResult, Optional<Score>>> scores = new LinkedHashMap<>();
    if (epochs.isEmpty()) {
      return scores;
    }
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
  private static Map<String, String> schedules(List<EpochResult> epochs) {
    Map<String, String> schedules = new LinkedHashMap<>();
    epochs.forEach(
        epoch ->
            epoch
                .averages()
                .forEach(a -> schedules.put("EMA " + a.name(), explained(a.schedule()))));
    return schedules;
  }

  private static String explained(String schedule) {
    return schedule.equals(DEFAULT_SCHEDULE)
        ? schedule + ", the default: over a share of the run so far"
        : schedule;
  }

  private static Table epochTable(List<EpochResult> epochs) {
    Map<String, Function<EpochResult, Optional<Score>>> scores = scores(epochs);
    List<String> names = EpochResult.averageNames(epochs);
    List<String> head =
        new ArrayList<>(List.of("epoch", "iteration", "learning rate", "train loss"));
    scores.keySet().forEach(name -> head.addAll(List.of(name + " (%)", name + " loss")));
    for (String name : names) {
      head.add("decay " + name);
      if (Curves.holdsInitialWeights(name, epochs)) {
        head.add("initial share " + name + " (%)");
      }
    }
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
        row.add(average.map(a -> Decay.text(a.decay())).orElse(""));
        if (Curves.holdsInitialWeights(name, epochs)) {
          row.add(average.map(a -> format("%.2f", 100 * a.initialShare())).orElse(""));
        }
      }
      row.add(format("%.1f", epoch.seconds()));
      row.add(format("%.0f", epoch.imagesPerSecond()));
      rows.add(row);
    }
    return new Table(head, rows);
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
}
