// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples;

import static io.github.ema4j.examples.MultiInputGraphExample.hoursError;
import static io.github.ema4j.examples.MultiInputGraphExample.kindAccuracy;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.dl4j.evaluation.Comparison;
import io.github.ema4j.dl4j.evaluation.EvaluationResult;
import org.junit.jupiter.api.Test;

class MultiInputGraphExampleTest {
  @Test
  void averagedWeightsAreBetterAtBothOutputs() {
    Comparison comparison = MultiInputGraphExample.train(1);
    EvaluationResult raw = comparison.raw();
    EvaluationResult averaged = comparison.averaged().orElseThrow();

    assertEquals(600, comparison.updateCount());
    assertTrue(kindAccuracy(averaged) > kindAccuracy(raw) + 0.01, "kinds");
    assertTrue(kindAccuracy(averaged) > 0.9, "kinds");
    assertTrue(hoursError(averaged) < hoursError(raw) - 0.01, "hours");
    assertTrue(hoursError(averaged) < 0.75, "hours");
  }
}
