// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ScoresTest {

  private static Scores scores(boolean minimize, double... scores) {
    List<Scores.Averaged> averages = new ArrayList<>();
    for (int i = 0; i < scores.length; i++) {
      averages.add(new Scores.Averaged(i, "constant(0." + i + ")", 0.25, scores[i]));
    }
    return new Scores(0.5, averages, minimize);
  }

  @Test
  void bestIsTheLargestOrTheSmallest() {
    assertEquals(1, scores(false, 1, 3, 2).best().index());
    assertEquals(0, scores(true, 1, 3, 2).best().index());
  }

  @Test
  void bestIsTheFirstOfEqualsAndNeverNaN() {
    assertEquals(0, scores(false, 3, 3).best().index());
    assertEquals(1, scores(false, Double.NaN, 1).best().index());
    assertEquals(1, scores(true, Double.NaN, 1).best().index());
    assertEquals(0, scores(true, Double.NaN, Double.NaN).best().index());
  }

  @Test
  void tableMarksTheBest() {
    List<String> lines = scores(false, 1, Double.NaN).toString().lines().toList();
    assertEquals(4, lines.size());
    assertTrue(lines.get(2).startsWith("* constant(0.0)"), lines.get(2));
    assertTrue(lines.get(2).contains("25.00 %"), lines.get(2));
    assertTrue(lines.get(3).endsWith("not finite"), lines.get(3));
  }

  @Test
  void noAverageIsRefused() {
    assertThrows(IllegalArgumentException.class, () -> scores(false));
  }
}
