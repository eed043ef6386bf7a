// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.record;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CurvesTest {
  private static final int RAW = 0x444444;
  private static final int FIRST_AVERAGE = 0x0072b2;
  private static final int SECOND_AVERAGE = 0xd55e00;

  /** How many pixels have exactly this colour; smooth text of another has a few too. */
  private static long pixels(BufferedImage image, int color) {
    long pixels = 0;
    for (int y = 0; y < image.getHeight(); y++) {
      for (int x = 0; x < image.getWidth(); x++) {
        pixels += (image.getRGB(x, y) & 0xffffff) == color ? 1 : 0;
      }
    }
    return pixels;
  }

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

  @Test
  void eachAverageIsACurve() {
    for (BufferedImage image :
        List.of(Curves.accuracy(epochs("0.9", "0.99")), Curves.loss(epochs("0.9", "0.99")))) {
      assertEquals(2 * Curves.WIDTH, image.getWidth());
      assertEquals(2 * Curves.HEIGHT, image.getHeight());
      assertTrue(pixels(image, RAW) > 2000);
      assertTrue(pixels(image, FIRST_AVERAGE) > 2000);
      assertTrue(pixels(image, SECOND_AVERAGE) > 2000);
    }
    assertEquals(0, pixels(Curves.accuracy(epochs("0.9")), SECOND_AVERAGE));
  }

  @Test
  void thePicturesAreWritten(@TempDir Path dir) throws IOException {
    Curves.write(dir, epochs("0.99"));
    for (String name : List.of("accuracy.png", "loss.png", "averages.png")) {
      assertEquals(2 * Curves.WIDTH, ImageIO.read(dir.resolve(name).toFile()).getWidth(), name);
    }
  }

  @Test
  void withoutAnAverageThereIsNoPictureOfIt(@TempDir Path dir) throws IOException {
    Curves.write(dir, epochs());
    assertTrue(Files.exists(dir.resolve("accuracy.png")));
    assertFalse(Files.exists(dir.resolve("averages.png")));
  }

  @Test
  void numbersThatAreNotFiniteAreGaps() {
    List<EpochResult> epochs = new ArrayList<>(epochs("0.99"));
    long whole = pixels(Curves.loss(epochs), FIRST_AVERAGE);
    epochs.set(4, Runs.epoch(5, Runs.average("0.99", 0.5, Double.POSITIVE_INFINITY)));
    epochs.set(5, Runs.epoch(6, Runs.average("0.99", 0.5, Double.NaN)));
    long broken = pixels(Curves.loss(epochs), FIRST_AVERAGE);
    assertTrue(broken < whole && broken > whole / 4, broken + " of " + whole);
  }

  @Test
  void whatCannotBeDrawnLeavesTheChartEmpty() {
    Score nothing = new Score(Double.NaN, Double.NaN);
    AveragedResult average =
        new AveragedResult("1", "s", 1, 1, OptionalDouble.empty(), Optional.of(nothing));
    List<EpochResult> diverged =
        List.of(new EpochResult(1, 1, 0.1, Double.NaN, nothing, List.of(average), 1, 1));
    assertTrue(pixels(Curves.accuracy(diverged), RAW) < 100);
    assertTrue(pixels(Curves.loss(diverged), RAW) < 100);
    assertEquals(2 * Curves.HEIGHT, Curves.averages(diverged).getHeight());
    assertTrue(pixels(Curves.accuracy(List.of()), RAW) < 100);
  }
}
