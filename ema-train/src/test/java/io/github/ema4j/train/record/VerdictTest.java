// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.record;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.dl4j.evaluation.Gain;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class VerdictTest {
  private static final Guessing TWENTIETH = new Guessing(1_000, 20_000);
  private static final RunFindings FINE = new RunFindings(TWENTIETH, Optional.empty(), List.of());
  private static final RunFindings DIVERGED =
      new RunFindings(TWENTIETH, Optional.of("they are not finite"), List.of());

  private static EpochResult epoch(double raw, AveragedResult... averages) {
    return new EpochResult(1, 10, 0.1, 0.5, new Score(raw, 0.75), List.of(averages), 2.5, 4000);
  }

  private static String headline(EpochResult... epochs) {
    return Verdict.of(List.of(epochs), FINE).headline();
  }

  private static AveragedResult average(String name, double accuracy) {
    return Runs.average(name, accuracy, 0.5);
  }

  private static AveragedResult gaining(String name, double accuracy) {
    AveragedResult plain = average(name, accuracy);
    return new AveragedResult(
        plain.name(),
        plain.schedule(),
        plain.decay(),
        plain.initialShare(),
        plain.distance(),
        plain.score(),
        Optional.of(new Gain(2_000, 108, 216, 400, 0.0303, 0.0191)));
  }

  @Test
  void saysWhatTheAverageGained() {
    assertEquals(
        "EMA 0.99: 87.0 %, raw 85.3 %: +1.7 points", headline(epoch(0.853, average("0.99", 0.87))));
    assertEquals(
        "EMA 0.9: 80.0 %, raw 85.0 %: -5.0 points", headline(epoch(0.85, average("0.9", 0.8))));
    assertEquals(
        "EMA 0.9: 85.0 %, raw 85.0 %: +0.0 points", headline(epoch(0.85, average("0.9", 0.85))));
  }

  /** 87.0 - 85.4 is not the 1.7 that 87.04 - 85.36 is. */
  @Test
  void theNumbersAddUp() {
    assertEquals(
        "EMA 0.99: 87.04 %, raw 85.36 %: +1.68 points",
        headline(epoch(0.8536, average("0.99", 0.8704))));
  }

  @Test
  void tellsOfTheBestAverageAfterTheLastEpoch() {
    assertEquals(
        "EMA 0.99: 87.0 %, raw 85.3 %: +1.7 points",
        headline(
            epoch(0.1, average("0.9", 0.99), average("0.99", 0.1)),
            epoch(0.853, average("0.9", 0.86), average("0.99", 0.87))));
  }

  @Test
  void tellsWhatIsMissing() {
    AveragedResult unscored =
        new AveragedResult("0.99", "s", 0, 1, OptionalDouble.empty(), Optional.empty());
    assertEquals("No epoch is done yet.", headline());
    assertEquals("Raw 85.3 %", headline(epoch(0.853)));
    assertEquals("EMA not scored yet, raw 85.3 %", headline(epoch(0.853, unscored)));
    assertEquals(
        List.of("No average was kept: --model-ema keeps one."),
        Verdict.of(List.of(epoch(0.853)), FINE).explanations());
  }

  @Test
  void tellsOfDivergence() {
    Verdict verdict = Verdict.of(List.of(epoch(0.1, average("0.99", 0.87))), DIVERGED);
    assertEquals("EMA 0.99: 87.0 %, the raw weights diverged", verdict.headline());
    assertEquals(List.of("The raw weights diverged: they are not finite."), verdict.explanations());
    assertEquals("The raw weights diverged", Verdict.of(List.of(epoch(0.1)), DIVERGED).headline());
  }

  /** Of 39 images of three classes a guesser gets 33 %, and in one of forty cases 48 %. */
  @Test
  void tellsThatNothingWasLearnt() {
    Guessing guessing = new Guessing(13, 39);
    EpochResult last = epoch(0.385, gaining("auto", 0.308));

    assertEquals(
        List.of(
            "No better than guessing (33.3 %, ± 15.1 of 39 images): the network has not learnt yet."
                + " Train longer (--epochs), with smaller batches (-b 8) or another rate (--lr"
                + " 0.001)."),
        Verdict.of(List.of(last), new RunFindings(guessing, Optional.empty(), List.of()))
            .explanations());
    assertEquals(Optional.empty(), guessing.verdict(epoch(0.49, average("auto", 0.3))));
    assertEquals(Optional.empty(), guessing.verdict(epoch(0.3, average("auto", 0.49))));
    assertTrue(guessing.verdict(epoch(0.48, average("auto", 0.48))).isPresent());
    assertTrue(guessing.verdict(epoch(Double.NaN)).isPresent());
    assertEquals(Optional.empty(), new Guessing(1_300, 3_900).verdict(epoch(0.385)));
  }

  @Test
  void namesTheImagesThatWereLeftOut() {
    assertEquals(
        "2 images could not be read and were left out: train/a/1.png, val/b/2.png.",
        Verdict.of(
                List.of(epoch(0.8)),
                new RunFindings(
                    TWENTIETH, Optional.empty(), List.of("train/a/1.png", "val/b/2.png")))
            .explanations()
            .get(1));
  }

  @Test
  void explainsEachGain() {
    assertEquals(
        List.of(
            "EMA 0.99: the average is 5.4 points better (± 0.9): annealing the learning rate now"
                + " would give about as much."),
        Verdict.of(List.of(epoch(0.8, gaining("0.99", 0.854))), FINE).explanations());
  }
}
