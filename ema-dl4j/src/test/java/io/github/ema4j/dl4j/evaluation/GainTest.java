// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.nd4j.linalg.factory.Nd4j;

class GainTest {

  private static ClassPredictions predictions(int[] labels, int[] predicted) {
    double[][] expected = new double[labels.length][3];
    double[][] probabilities = new double[labels.length][3];
    for (int i = 0; i < labels.length; i++) {
      expected[i][labels[i]] = 1;
      probabilities[i][predicted[i]] = 1;
    }
    ClassPredictions result = new ClassPredictions();
    result.eval(Nd4j.createFromArray(expected), Nd4j.createFromArray(probabilities));
    return result;
  }

  @Test
  void disagreementsAreCountedExampleByExample() {
    int[] labels = {0, 0, 1, 1, 2, 2};
    Gain gain =
        Gain.of(
            predictions(labels, new int[] {0, 1, 1, 0, 0, 0}),
            predictions(labels, new int[] {0, 0, 0, 1, 2, 1}));
    // right: 0 both; 1 averaged; 2 raw; 3 averaged; 4 averaged; 5 neither, of two wrong classes
    assertEquals(new Gain(6, 1, 3, 5, 4 / 6.0, 2 / 6.0), gain);
    assertEquals(2 / 6.0, gain.accuracy());
    assertEquals(2 / 6.0, gain.standardError());
    assertEquals(5 / 6.0, gain.churn());
  }

  @Test
  void forecastFollowsFromGainAndError() {
    assertEquals(
        "the average is 5.4 points better (± 0.9): annealing the learning rate now would give about as much",
        new Gain(2_000, 108, 216, 400, 0, 0).forecast());
    assertEquals(
        "the average is 5.4 points worse (± 0.9): it reaches back to weights that were worse than those of now",
        new Gain(2_000, 216, 108, 400, 0, 0).forecast());
    assertEquals(
        "the weights have come to rest (a difference of 0.1 ± 0.3 points): averaging and annealing have nothing left to give",
        new Gain(2_000, 16, 18, 40, 0, 0).forecast());
    assertEquals(
        "100 examples do not show whether the average is better (2.0 ± 2.0 points): evaluate on more",
        new Gain(100, 1, 3, 10, 0, 0).forecast());
    assertEquals(
        "100 examples do not show whether the average is better (-2.0 ± 2.0 points): evaluate on more",
        new Gain(100, 3, 1, 10, 0, 0).forecast());
    assertTrue(
        new Gain(2_000, 16, 18, 40, 0.03, 0.019)
            .toString()
            .endsWith(
                "; 2.0 % of the predictions differ, calibration error 3.0 % raw, 1.9 % averaged"));
  }

  /** Twice the standard error is the border: of 144 that differ, 24 more one way are on it. */
  @Test
  void gainCountsFromTwiceItsErrorOn() {
    assertTrue(new Gain(10_000, 60, 85, 200, 0, 0).forecast().contains("better"));
    assertTrue(new Gain(10_000, 60, 84, 200, 0, 0).forecast().contains("rest"));
  }

  /** Where no example tells the two apart, three in as many may (the rule of three). */
  @Test
  void fewExamplesOfWhichNoneTellsThemApartShowNothing() {
    assertEquals(
        "the weights and their average predict the same for all 39 examples, too few to show a"
            + " difference of less than 7.7 points",
        new Gain(39, 0, 0, 0, 0, 0).forecast());
    assertTrue(new Gain(300, 0, 0, 0, 0, 0).forecast().contains("too few"));
    assertTrue(new Gain(301, 0, 0, 0, 0, 0).forecast().contains("come to rest"));
    assertTrue(new Gain(39, 0, 0, 5, 0, 0).forecast().contains("do not show"));
  }

  @Test
  void otherExamplesAreRefused() {
    ClassPredictions one = predictions(new int[] {0, 1, 2}, new int[] {0, 1, 2});
    for (ClassPredictions other :
        new ClassPredictions[] {
          predictions(new int[] {2, 1, 0}, new int[] {0, 1, 2}),
          predictions(new int[] {0, 1}, new int[] {0, 1})
        }) {
      String message =
          assertThrows(IllegalArgumentException.class, () -> Gain.of(one, other)).getMessage();
      assertTrue(message.contains("does not shuffle"), message);
    }
    assertThrows(
        IllegalArgumentException.class,
        () -> Gain.of(new ClassPredictions(), new ClassPredictions()));
  }

  @Test
  void countsThatCannotBeAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> new Gain(0, 0, 0, 0, 0, 0));
    assertThrows(IllegalArgumentException.class, () -> new Gain(9, -1, 0, 0, 0, 0));
    assertThrows(IllegalArgumentException.class, () -> new Gain(9, 3, 3, 5, 0, 0));
    assertThrows(IllegalArgumentException.class, () -> new Gain(9, 3, 3, 10, 0, 0));
  }
}
