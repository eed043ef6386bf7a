// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import org.junit.jupiter.api.Test;

class CustomLoopExampleTest {
  @Test
  void averageIsUpdatedOncePerStepAndBetterThanTheLastWeights() throws IOException {
    CustomLoopExample.Accuracy accuracy = CustomLoopExample.train(1, 3);

    // 5,000 images in batches of 4 are 1,250 batches, four of which make a step.
    assertEquals(3 /* epochs */ * 313, accuracy.updates());
    assertTrue(accuracy.averaged() > accuracy.raw() + 0.008, accuracy.toString());
    assertTrue(accuracy.averaged() > 0.76, accuracy.toString());
  }
}
