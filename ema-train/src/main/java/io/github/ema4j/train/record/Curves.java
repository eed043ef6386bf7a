// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.record;

import io.github.ema4j.train.error.UserError;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.file.Path;
import java.util.DoubleSummaryStatistics;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import javax.imageio.ImageIO;

/**
 * The epochs of a run as pictures of {@value #WIDTH} by {@value #HEIGHT} points, two pixels to the
 * point. Needs no screen.
 *
 * <p>Each average of the run is a curve of its own, of the same colour in all pictures. What is not
 * a finite number is a gap.
 */
public final class Curves {
  /** Width of a picture in points. */
  public static final int WIDTH = 760;

  /** Height of a picture in points. */
  public static final int HEIGHT = 420;

  private Curves() {}

  /** Validation accuracy (%) of the raw weights and of each average. */
  public static BufferedImage accuracy(List<EpochResult> epochs) {
    EpochChart chart = new EpochChart("Validation accuracy", "accuracy (%)", epochs);
    addScores(chart, epochs, score -> 100 * score.accuracy());
    return chart.image(WIDTH, HEIGHT);
  }

  /** Validation loss of the raw weights and of each average, and the training loss. */
  public static BufferedImage loss(List<EpochResult> epochs) {
    EpochChart chart = new EpochChart("Loss", "loss", epochs);
    addScores(chart, epochs, Score::loss);
    chart.background("training", EpochResult::trainLoss);
    return chart.image(WIDTH, HEIGHT);
  }

  /**
   * Of each average the decay, and below it the share (%) of the initial weights that are still in
   * it: as long as that is not small, the average is worth little. Decays are drawn by how far they
   * are from 1, so that 0.99 is as far from 0.999 as that from 0.9999.
   */
  public static BufferedImage averages(List<EpochResult> epochs) {
    EpochChart decay = new EpochChart("Decay", "decay", epochs);
    EpochChart share = new EpochChart("Initial weights still in the average", "share (%)", epochs);
    for (String name : EpochResult.averageNames(epochs)) {
      decay.average(name, average(name, a -> OptionalDouble.of(nines(a.decay()))));
      share.average(name, average(name, a -> OptionalDouble.of(100 * a.initialShare())));
    }
    DoubleSummaryStatistics range =
        epochs.stream()
            .flatMap(epoch -> epoch.averages().stream())
            .mapToDouble(a -> nines(a.decay()))
            .filter(Double::isFinite)
            .summaryStatistics();
    if (range.getCount() > 0) {
      decay.yAxis(Math.ceil(range.getMin()) - 1, Math.floor(range.getMax()) + 1, Curves::decay);
    }
    share.yAxis(0, 100, percent -> Long.toString(Math.round(percent)));
    return above(decay.image(WIDTH, HEIGHT / 2), share.image(WIDTH, HEIGHT / 2));
  }

  /** How many nines a decay begins with: 1 for 0.9, 2 for 0.99; infinite for 1. */
  private static double nines(double decay) {
    return Math.rint(-1e6 * Math.log10(1 - decay)) / 1e6; // 2, not 1.9999999999999996, for 0.99
  }

  /** The decay with that many nines, rounded to one digit more. */
  private static String decay(double nines) {
    return BigDecimal.ONE
        .subtract(BigDecimal.valueOf(Math.pow(10, -nines)))
        .setScale((int) Math.max(0, Math.ceil(nines)) + 1, RoundingMode.HALF_UP)
        .stripTrailingZeros()
        .toPlainString();
  }

  /**
   * Writes the pictures {@code accuracy.png}, {@code loss.png} and, if the run kept an average,
   * {@code averages.png}.
   *
   * @param directory that exists
   * @throws UserError if one cannot be written
   */
  public static void write(Path directory, List<EpochResult> epochs) {
    all(epochs).forEach((name, image) -> write(directory.resolve(name + ".png"), image));
  }

  /** The pictures that there are of these epochs, by their names. */
  static Map<String, BufferedImage> all(List<EpochResult> epochs) {
    Map<String, BufferedImage> images = new LinkedHashMap<>();
    images.put("accuracy", accuracy(epochs));
    images.put("loss", loss(epochs));
    if (!EpochResult.averageNames(epochs).isEmpty()) {
      images.put("averages", averages(epochs));
    }
    return images;
  }

  private static void write(Path file, BufferedImage image) {
    try {
      OutputFile.write(file, out -> ImageIO.write(image, "png", out));
    } catch (IOException e) {
      throw WriteFailure.of(file, e);
    }
  }

  private static void addScores(
      EpochChart chart, List<EpochResult> epochs, ToDoubleFunction<Score> value) {
    chart.raw("raw", epoch -> value.applyAsDouble(epoch.raw()));
    for (String name : EpochResult.averageNames(epochs)) {
      chart.average(name, average(name, a -> score(a, value)));
    }
  }

  private static OptionalDouble score(AveragedResult average, ToDoubleFunction<Score> value) {
    return average.score().stream().mapToDouble(value).findFirst();
  }

  /** A number of one average; NaN in epochs that do not have it. */
  private static ToDoubleFunction<EpochResult> average(
      String name, Function<AveragedResult, OptionalDouble> value) {
    return epoch ->
        epoch.average(name).map(value).orElse(OptionalDouble.empty()).orElse(Double.NaN);
  }

  private static BufferedImage above(BufferedImage upper, BufferedImage lower) {
    BufferedImage both =
        new BufferedImage(
            upper.getWidth(), upper.getHeight() + lower.getHeight(), BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = both.createGraphics();
    graphics.drawImage(upper, 0, 0, null);
    graphics.drawImage(lower, 0, upper.getHeight(), null);
    graphics.dispose();
    return both;
  }
}
