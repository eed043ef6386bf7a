// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.ema4j.dl4j.evaluation.Gain;
import io.github.ema4j.train.record.AveragedResult;
import io.github.ema4j.train.record.EpochResult;
import io.github.ema4j.train.record.Score;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class EpochTableTest {

  private static AveragedResult average(String name, Optional<Gain> gain) {
    return new AveragedResult(
        name, "s", 0.9, 0, OptionalDouble.empty(), Optional.of(new Score(0.8, 0.5)), gain);
  }

  private static List<String> rows(AveragedResult... averages) {
    return EpochTable.rows(
            new EpochResult(2, 20, 0.1, 0.75, new Score(0.7, 1), List.of(averages), 5, 100), 3)
        .lines()
        .toList();
  }

  private static final Gain BETTER = new Gain(2_000, 108, 216, 400, 0, 0);
  private static final Gain LESS = new Gain(2_000, 100, 150, 400, 0, 0);

  @Test
  void lastLineSaysWhatTheAverageIsWorth() {
    assertEquals(
        List.of(
            "epoch 2/3 done in 0:05: train loss 0.7500, learning rate 0.1000",
            "  raw              accuracy  70.00 %  loss 1.0000",
            "  ema auto         accuracy  80.00 %  loss 0.5000  decay 0.9",
            "  " + BETTER.forecast()),
        rows(average("auto", Optional.of(BETTER))));
  }

  @Test
  void ofSeveralAveragesTheBestIsNamed() {
    List<String> rows =
        rows(average("0.9", Optional.of(LESS)), average("0.99", Optional.of(BETTER)));
    assertEquals("  ema 0.99: " + BETTER.forecast(), rows.get(4));
    assertEquals(5, rows.size());
  }

  @Test
  void initialWeightsAreSpokenOfWhileTheyMatter() {
    AveragedResult young =
        new AveragedResult("a", "s", 0.9, 0.0006, OptionalDouble.empty(), Optional.empty());
    assertEquals(
        "  ema a            not updated yet  decay 0.9  initial share 0.1 %", rows(young).get(2));
    AveragedResult old =
        new AveragedResult("a", "s", 3.88892e-6, 0.0004, OptionalDouble.empty(), Optional.empty());
    assertEquals("  ema a            not updated yet  decay 3.889e-6", rows(old).get(2));
  }

  @Test
  void whatWasNotComparedIsNotSpokenOf() {
    assertEquals(3, rows(average("auto", Optional.empty())).size());
  }
}
