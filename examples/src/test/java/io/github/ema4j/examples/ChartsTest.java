// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.schedule.DecaySchedule;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The charts of the documentation show what the text beside them says. */
class ChartsTest {

  @TempDir Path directory;

  @Test
  void averageOfTheVarianceOutlivesSilenceAndThatOfTheLogarithmDoesNot() {
    BatchNormChart.Divisors divisors = BatchNormChart.simulate(DecaySchedule.constant(0.99));
    double before = divisors.raw()[BatchNormChart.FALLS_SILENT - 1];
    int after = BatchNormChart.SPEAKS_AGAIN + 100;
    assertEquals(before, divisors.raw()[after], 0.01 * before);
    assertTrue(divisors.averaged()[after] > before / 2, "average of the variance");
    assertTrue(divisors.asLogarithm()[after] < before / 20, "average of the logarithm");
  }

  @Test
  void averageOfRoundsStaysCloseToThatOfEveryIteration() {
    SparkRoundChart.Course course = SparkRoundChart.simulate(DecaySchedule.constant(0.9));
    double largest = 0;
    for (int round = 0; round <= SparkRoundChart.ROUNDS; round++) {
      int iteration = round * SparkRoundChart.FREQUENCY;
      double exact = course.everyStep()[iteration];
      largest = Math.max(largest, Math.abs(exact - course.driver()[round]));
      assertEquals(exact, course.average()[round], 0.12, "after round " + round);
    }
    assertTrue(largest > 0.2, "the weights themselves are further off");
  }

  @Test
  void chartsAreWrittenWhereTheyAreWanted() throws Exception {
    String[] file = {directory.resolve("chart.png").toString()};
    DecayChart.main(file);
    assertEquals(1150, ImageIO.read(Path.of(file[0]).toFile()).getWidth());
    BatchNormChart.main(file);
    assertEquals(900, ImageIO.read(Path.of(file[0]).toFile()).getWidth());
    Files.delete(Path.of(file[0]));
    SparkRoundChart.main(file);
    assertEquals(900, ImageIO.read(Path.of(file[0]).toFile()).getWidth());
  }
}
