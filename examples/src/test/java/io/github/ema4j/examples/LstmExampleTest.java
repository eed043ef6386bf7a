// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class LstmExampleTest {
  @Test
  void averagedWeightsTellMoreStates() {
    List<LstmExample.Accuracy> runs =
        LongStream.rangeClosed(1, 2).mapToObj(LstmExample::train).toList();

    double raw = runs.stream().mapToDouble(LstmExample.Accuracy::raw).average().orElseThrow();
    double averaged =
        runs.stream().mapToDouble(LstmExample.Accuracy::averaged).average().orElseThrow();
    assertTrue(averaged > raw + 0.01, runs.toString());
    assertTrue(averaged > 0.7, runs.toString());
    // 4 epochs of 25 mini-batches of 4 segments
    runs.forEach(run -> assertEquals(400, run.updates()));
  }
}
