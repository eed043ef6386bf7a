// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.benchmarks.harness;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class StatisticsTest {

  private static Statistics ofOneTo(int n) {
    return Statistics.of(IntStream.rangeClosed(1, n).asDoubleStream().toArray());
  }

  @Test
  void medianAndQuartilesDoNotDependOnOrder() {
    Statistics statistics = Statistics.of(5, 1, 4, 2, 3);
    assertEquals(3, statistics.median());
    assertEquals(2, statistics.q1());
    assertEquals(4, statistics.q3());
    assertEquals(1, statistics.best());
    assertEquals(2.5, ofOneTo(4).median());
  }

  @Test
  void intervalOfTheMedianHasTheRanksOfTheBinomialDistribution() {
    // Ranks from tables of order statistics (Conover, Practical Nonparametric Statistics).
    int[][] expected = {{6, 1, 6}, {11, 2, 10}, {20, 6, 15}, {31, 10, 22}, {41, 14, 28}};
    for (int[] row : expected) {
      assertEquals(row[1], ofOneTo(row[0]).low(), "of " + row[0]);
      assertEquals(row[2], ofOneTo(row[0]).high(), "of " + row[0]);
    }
  }

  @Test
  void oneValueIsItsOwnStatistics() {
    assertEquals(new Statistics(7, 7, 7, 7, 7, 7), Statistics.of(7));
  }

  @Test
  void noValuesAreRefused() {
    assertThrows(IllegalArgumentException.class, Statistics::of);
  }
}
