// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.ema4j.train.LearningRates.Shape;
import org.junit.jupiter.api.Test;

/** Compares with numbers worked out by hand from the formulas of timm's schedulers. */
class LearningRatesTest {

  private static void assertRates(LearningRates rates, double... expected) {
    for (int epoch = 0; epoch < expected.length; epoch++) {
      assertEquals(expected[epoch], rates.at(epoch), 1e-12, "epoch " + epoch);
    }
  }

  @Test
  void constant() {
    assertRates(new LearningRates(Shape.CONSTANT, 0.1, 3, 0, 1, 0.1, 0, 1e-5), 0.1, 0.1, 0.1);
  }

  @Test
  void cosineFallsFromTheRateToTheMinimum() {
    assertRates(
        new LearningRates(Shape.COSINE, 0.1, 4, 0.02, 1, 0.1, 0, 1e-5),
        0.1,
        0.06 + 0.04 * Math.sqrt(0.5),
        0.06,
        0.06 - 0.04 * Math.sqrt(0.5));
  }

  @Test
  void stepFallsEverySoManyEpochs() {
    assertRates(
        new LearningRates(Shape.STEP, 1, 9, 0, 2, 0.1, 0, 1e-5), 1, 1, 0.1, 0.1, 0.01, 0.01);
  }

  @Test
  void stepsMayBeOfHalfEpochs() {
    assertRates(new LearningRates(Shape.STEP, 1, 9, 0, 2.5, 0.1, 0, 1e-5), 1, 1, 1, 0.1, 0.1, 0.01);
  }

  @Test
  void exponentialFallsALittleEveryEpoch() {
    assertRates(new LearningRates(Shape.EXPONENTIAL, 1, 9, 0, 2, 0.25, 0, 1e-5), 1, 0.5, 0.25);
  }

  @Test
  void warmUpRisesLinearlyAndCountsAmongTheEpochs() {
    assertRates(
        new LearningRates(Shape.STEP, 1, 9, 0, 3, 0.1, 2, 0.2), 0.2, 0.6, 1, 0.1, 0.1, 0.1, 0.01);
  }
}
