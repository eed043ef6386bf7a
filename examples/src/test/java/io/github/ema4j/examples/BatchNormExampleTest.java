// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.examples.BatchNormExample.Accuracy;
import io.github.ema4j.examples.BatchNormExample.Place;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** On 2,000 test images an accuracy has a standard error of 0.009. */
@Tag("numbers")
class BatchNormExampleTest {

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void anAveragedVarianceFitsTheAveragedWeights(long seed) throws IOException {
    for (Accuracy accuracy : BatchNormExample.train(Place.BEHIND_RELU, seed)) {
      // With more of the random initial weights in it no average is good, whatever its statistics.
      if (accuracy.epoch() >= 2 && accuracy.initialShare() < 0.3) {
        assertTrue(accuracy.averaged() >= accuracy.raw() - 0.01, accuracy.toString());
      }
      if (accuracy.epoch() == BatchNormExample.EPOCHS) {
        assertTrue(accuracy.averaged() >= accuracy.recalibrated() - 0.03, accuracy.toString());
      }
    }
  }

  @Test
  void anAverageOfLogarithmsDoesNot() throws IOException {
    List<Double> losses = new ArrayList<>();
    for (long seed = 1; seed <= 3; seed++) {
      for (Accuracy accuracy : BatchNormExample.train(Place.BEHIND_RELU, seed)) {
        losses.add(accuracy.averaged() - accuracy.asLogarithm());
      }
    }
    assertTrue(losses.stream().anyMatch(loss -> loss > 0.3), losses.toString());
  }

  @Test
  void beforeTheActivationTheFormMakesNoDifference() throws IOException {
    for (Accuracy accuracy : BatchNormExample.train(Place.BEFORE_RELU, 1)) {
      assertEquals(accuracy.averaged(), accuracy.asLogarithm(), 0.01, accuracy.toString());
    }
  }
}
