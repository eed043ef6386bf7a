// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.chart;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AxisTest {

  private static String labels(Axis axis) {
    return String.join(" ", axis.ticks().stream().map(Axis.Tick::label).toList());
  }

  @ParameterizedTest
  @CsvSource({
    "63.3, 83.05, 60 65 70 75 80 85",
    "82.15, 82.8, 82.0 82.2 82.4 82.6 82.8",
    "0, 100, 0 20 40 60 80 100",
    "80, 80, 76 78 80 82 84",
    "100, 100, 95 96 97 98 99 100",
    "0, 0, 0.000 0.002 0.004 0.006 0.008 0.010",
    "99.95, 100, 99.95 99.96 99.97 99.98 99.99 100.00",
  })
  void percentagesHaveRoundTicks(double min, double max, String labels) {
    assertEquals(labels, labels(Axis.linear(min, max, 0, 100)));
  }

  @ParameterizedTest
  @CsvSource({
    "0.3525, 2.4828, 0.0 0.5 1.0 1.5 2.0 2.5",
    "-3, 12, -5 0 5 10 15",
    "0.0001, 0.00042, 0.0001 0.0002 0.0003 0.0004 0.0005",
    "12345, 99999, 0 20000 40000 60000 80000 100000",
  })
  void lossesHaveRoundTicks(double min, double max, String labels) {
    assertEquals(labels, labels(Axis.linear(min, max, Math.min(0, min), Double.MAX_VALUE)));
  }

  /** Of any range: it is covered, with few ticks at equal distances, and the ends are ticks. */
  @Test
  void linearTicksCoverTheRange() {
    Random random = new Random(1);
    for (int i = 0; i < 2_000; i++) {
      double min = (random.nextDouble() - 0.5) * Math.pow(10, random.nextInt(12) - 4);
      double max = min + random.nextDouble() * Math.pow(10, random.nextInt(12) - 4);
      Axis axis = Axis.linear(min, max, -Double.MAX_VALUE, Double.MAX_VALUE);
      List<Axis.Tick> ticks = axis.ticks();
      String shown = min + " to " + max + ": " + axis;
      assertTrue(ticks.size() >= 3 && ticks.size() <= 7, shown);
      assertEquals(0, ticks.get(0).at(), shown);
      assertEquals(100, ticks.get(ticks.size() - 1).at(), shown);
      double lowest = Double.parseDouble(ticks.get(0).label());
      assertTrue(lowest <= min + 1e-8 * (max - min + Math.abs(min)), shown);
      for (Axis.Tick tick : ticks) {
        assertEquals(axis.position(Double.parseDouble(tick.label())), tick.at(), 0.01, shown);
      }
      assertTrue(axis.position(min) >= 0 && axis.position(max) <= 100, shown);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0.02, 7, 0.01 0.1 1 10",
    "1, 1, 1 10",
    "0.5, 3e7, 0.1 10 1000 100000 1e7",
    "1e-9, 2, 1e-9 1e-7 1e-5 0.001 0.1 10",
  })
  void logarithmicTicksArePowersOfTen(double min, double max, String labels) {
    Axis axis = Axis.logarithmic(min, max);
    assertEquals(labels, labels(axis));
    assertTrue(axis.position(min) >= 0 && axis.position(max) <= 100, axis.toString());
  }

  @Test
  void logarithmicPositionsAreEquallyFarApartForEqualFactors() {
    Axis axis = Axis.logarithmic(0.01, 100);
    assertEquals(25, axis.position(0.1));
    assertEquals(50, axis.position(1));
    assertTrue(Double.isNaN(axis.position(0)));
    assertTrue(Double.isNaN(axis.position(-1)));
  }

  @ParameterizedTest
  @CsvSource({
    "0.9, 0.9, 0.9 0.99",
    "0, 0.5, 0 0.9",
    "0.99, 0.9995, 0.99 0.999 0.9999",
    "0.9, 0.999, 0.9 0.99 0.999",
  })
  void decaysAreWrittenByTheirNines(double min, double max, String labels) {
    assertEquals(labels, labels(Axis.decays(min, max)));
  }

  @Test
  void decaysLieByTheirDistanceFromOne() {
    Axis axis = Axis.decays(0, 0.99);
    assertEquals(0, axis.position(0));
    assertEquals(50, axis.position(0.9));
    assertEquals(100, axis.position(0.99));
    assertTrue(Double.isNaN(axis.position(1)));
  }

  @ParameterizedTest
  @CsvSource({
    "1, 10, 1 2 3 4 5 6 7 8 9 10",
    "1, 12, 2 4 6 8 10 12",
    "1, 100, 10 20 30 40 50 60 70 80 90 100",
    "1, 300, 50 100 150 200 250 300",
    "7, 7, 7",
    "3, 4, 3 4",
  })
  void epochsAreWholeAndFew(int first, int last, String labels) {
    assertEquals(labels, labels(Axis.epochs(first, last)));
  }

  @Test
  void theEpochsFillTheAxisAndASingleOneIsInItsMiddle() {
    assertEquals(0, Axis.epochs(3, 5).position(3));
    assertEquals(50, Axis.epochs(3, 5).position(4));
    assertEquals(100, Axis.epochs(3, 5).position(5));
    assertEquals(50, Axis.epochs(7, 7).position(7));
  }
}
