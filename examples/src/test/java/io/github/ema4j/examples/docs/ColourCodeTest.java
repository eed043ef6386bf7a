// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.examples.report.AccuracyChart;
import io.github.ema4j.examples.report.EpochMetrics;
import io.github.ema4j.train.chart.Palette;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Raw and averaged weights have the same colours everywhere, though modules do not share them. */
class ColourCodeTest {
  private static final Path UI =
      Path.of("..", "ema-ui", "src", "main", "resources", "deeplearning4jUiAssets");

  /** Those of averages, until they come again. */
  private static List<String> averages() {
    List<String> colors = new ArrayList<>();
    for (int i = 0; !colors.contains(Palette.average(i).color()); i++) {
      colors.add(Palette.average(i).color());
    }
    return colors;
  }

  @Test
  void thePageInTheTrainingUiHasThem() throws IOException {
    Map<String, String> colors = new LinkedHashMap<>();
    Set<String> pages = new TreeSet<>();
    Pattern.compile("--ema-([a-z]+(?:-\\d)?): (#[0-9a-f]+);")
        .matcher(Files.readString(UI.resolve("css/ema4j/ema.css")))
        .results()
        .forEach(
            variable -> {
              colors.put(variable.group(1), variable.group(2));
              if (variable.group(1).equals("page")) {
                pages.add(variable.group(2));
              }
            });
    assertEquals(Palette.raw().color(), colors.get("raw"));
    List<String> averages = averages();
    assertEquals(
        averages,
        IntStream.rangeClosed(1, averages.size())
            .mapToObj(i -> colors.get("average-" + i))
            .toList());
    assertEquals(
        averages.size(), colors.keySet().stream().filter(n -> n.startsWith("average-")).count());
    assertEquals(Set.of("#fff", Palette.DARK_BACKGROUND), pages);
  }

  @Test
  void theScriptOfThatPageHasNoColoursOfItsOwn() throws IOException {
    String script = Files.readString(UI.resolve("js/ema4j/ema.js"));
    assertTrue(script.contains("color('raw')"));
    assertTrue(
        script.contains("color('average-' + (index % " + averages().size() + " + 1))"), script);
    assertEquals(
        List.of(),
        Pattern.compile("#[0-9a-fA-F]{3,8}\\b")
            .matcher(script)
            .results()
            .map(found -> found.group())
            .toList());
  }

  @Test
  void thePictureOfTheQuickstartHasThem(@TempDir Path directory) throws IOException {
    List<EpochMetrics> rows =
        IntStream.rangeClosed(1, 10)
            .mapToObj(epoch -> new EpochMetrics(epoch, 1, 0.5, 0.6 + 0.02 * epoch, 0))
            .toList();
    Path file = AccuracyChart.write(directory.resolve("accuracy.png"), "a title", rows);
    BufferedImage image = ImageIO.read(file.toFile());
    Map<Integer, Integer> pixels = new LinkedHashMap<>();
    for (int y = 0; y < image.getHeight(); y++) {
      for (int x = 0; x < image.getWidth(); x++) {
        pixels.merge(image.getRGB(x, y) & 0xffffff, 1, Integer::sum);
      }
    }
    for (Palette.Ink ink : List.of(Palette.raw(), Palette.average(0))) {
      int count = pixels.getOrDefault(Integer.decode(ink.color()), 0);
      assertTrue(count > 500, ink.color() + ": " + count + " pixels");
    }
  }
}
