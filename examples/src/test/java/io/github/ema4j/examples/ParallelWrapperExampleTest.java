// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.dl4j.evaluation.Comparison;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("numbers")
class ParallelWrapperExampleTest {
  @Test
  void averagedWeightsRecogniseMoreImages() throws Exception {
    double gain = 0;
    for (long seed : new long[] {1, 2}) {
      List<Comparison> epochs = ParallelWrapperExample.train(seed, 3);

      // 313 mini-batches for two workers are 157 iterations.
      assertEquals(List.of(157, 314, 471), epochs.stream().map(Comparison::iteration).toList());
      assertEquals(Math.pow(0.99, 471), epochs.get(2).averages().get(0).initialShare(), 1e-9);
      // At every fifth iteration of the run, and at the end of each fit.
      assertEquals(
          List.of(32L, 64L, 97L),
          epochs.stream().map(c -> c.averages().get(0).updateCount()).toList());
      gain +=
          ParallelWrapperExample.averaged(epochs.get(2))
              - ParallelWrapperExample.raw(epochs.get(2));
    }
    // Seen over four seeds: 4.8 ± 1.7 points.
    assertTrue(gain / 2 > 0.01, "gain " + gain / 2);
  }
}
