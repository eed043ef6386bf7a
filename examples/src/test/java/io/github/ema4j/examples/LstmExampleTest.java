// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("numbers")
class LstmExampleTest {
  @Test
  void averagedWeightsTellMoreStates() {
    List<List<LstmExample.Accuracy>> runs = Stream.of(1L, 2L).map(LstmExample::train).toList();

    for (List<LstmExample.Accuracy> run : runs) {
      // An epoch is of 25 mini-batches of 4 segments.
      assertEquals(List.of(100L, 200L), run.stream().map(LstmExample.Accuracy::updates).toList());
    }
    // Seen over seeds and processors: 0.7 to 10 points in single epochs, and 2.5 in this mean.
    double gain =
        runs.stream()
            .flatMap(List::stream)
            .mapToDouble(accuracy -> accuracy.averaged() - accuracy.raw())
            .average()
            .orElseThrow();
    assertTrue(gain > 0.005, runs.toString());
  }
}
