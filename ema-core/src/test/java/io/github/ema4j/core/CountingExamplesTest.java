// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core;

import static io.github.ema4j.core.Vectors.floats;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.ema4j.core.schedule.DecaySchedule;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Decays, windows and starts in examples and epochs. */
class CountingExamplesTest {

  private static AveragingConfig.Builder examples(DecaySchedule schedule) {
    return AveragingConfig.builder().schedule(schedule).unit(AveragingUnit.EXAMPLES);
  }

  /** Moves an average over an epoch in batches, of which the last may be smaller. */
  private static void epoch(ParameterAverage average, int examples, int batch) {
    for (int done = 0; done < examples; done += batch) {
      average.update(floats(done), Math.min(batch, examples - done));
    }
  }

  private static JsonNode cases() throws IOException {
    try (InputStream in =
        CountingExamplesTest.class.getResourceAsStream("/conformance/schedules/units.json")) {
      return new ObjectMapper().readTree(in);
    }
  }

  @Test
  void anEpochForgetsTheSameWhateverTheBatches() throws IOException {
    JsonNode cases = cases();
    int dataset = cases.get("dataset").asInt();
    DecaySchedule schedule = DecaySchedule.halfLife(cases.get("half_life_samples").asDouble());
    assertEquals(schedule, DecaySchedule.halfLifeEpochs(2, dataset));
    assertEquals(cases.get("decay_batch16").asDouble(), schedule.decayOver(17, 32), 1e-14);
    assertEquals(
        cases.get("decay_last_batch_of_8").asDouble(), schedule.decayOver(4993, 5000), 1e-14);
    assertEquals(cases.get("decay_batch64").asDouble(), schedule.decayOver(1, 64), 1e-14);
    for (int batch : new int[] {16, 64}) {
      ParameterAverage average = new ParameterAverage(examples(schedule).build(), floats(1));
      epoch(average, dataset, batch);
      assertEquals(
          cases.get("product_over_one_epoch_batch" + batch).asDouble(),
          average.initialShare(),
          1e-12);
      assertEquals(cases.get("expected_per_epoch").asDouble(), average.initialShare(), 1e-12);
      assertEquals(dataset, average.stepCount());
      assertEquals((dataset + batch - 1) / batch, average.updateCount());
    }
  }

  /** A batch k times as large has {@code decay^k}. */
  @Test
  void batchesScaleTheDecay() throws IOException {
    JsonNode rule = cases().get("scaling_rule");
    DecaySchedule schedule = DecaySchedule.constant(rule.get("decay").asDouble());
    for (int kappa : new int[] {2, 4, 8}) {
      assertEquals(
          rule.get("kappa").get(Integer.toString(kappa)).asDouble(),
          schedule.decayOver(1, kappa),
          1e-14);
    }
  }

  /** The uniform mean weights each batch by its size, where counting steps weights all alike. */
  @Test
  void aSmallerLastBatchWeighsLess() {
    ParameterAverage average =
        new ParameterAverage(examples(DecaySchedule.uniform()).build(), floats(9));
    average.update(floats(1), 6);
    average.update(floats(5), 2);
    assertEquals((6 * 1 + 2 * 5) / 8.0, average.shadow().getDouble(0), 1e-6);
  }

  @Test
  void aStartIsInExamples() {
    ParameterAverage average =
        new ParameterAverage(
            examples(DecaySchedule.constant(0.5)).startAfter(6).build(), floats(9));
    assertFalse(average.update(floats(4), 4));
    assertEquals(4, average.shadow().getDouble(0));
    assertTrue(average.update(floats(8), 4)); // two of these examples are beyond the start
    assertEquals(0.25, average.decay());
    assertEquals(7, average.shadow().getDouble(0));
  }

  @Test
  void aStartAfterEpochsIsThatAfterTheirSteps() throws IOException {
    JsonNode start = cases().get("start");
    int epochs = start.get("epoch").asInt();
    int steps = start.get("steps_per_epoch").asInt();
    AveragingConfig.Builder config = AveragingConfig.builder().decay(0.9).updateEvery(2);
    ParameterAverage byEpoch =
        new ParameterAverage(config.startAfterEpochs(epochs).build(), floats(1));
    ParameterAverage byStep =
        new ParameterAverage(
            config
                .startAfterEpochs(0)
                .startAfter(start.get("equivalent_startAfter").asLong())
                .build(),
            floats(1));
    for (int step = 0; step < (epochs + 1) * steps; step++) {
      INDArray params = floats(step % 17);
      assertEquals(byStep.update(params), byEpoch.update(params, 1, step / steps));
      assertEquals(byStep.shadow().getFloat(0), byEpoch.shadow().getFloat(0));
    }
    assertEquals(steps / 2, byEpoch.updateCount());
    assertEquals(byStep.initialShare(), byEpoch.initialShare());
  }

  @Test
  void aGroupDoesAsEachAlone() {
    AveragingConfig one = examples(DecaySchedule.powerFunction(0.1)).startAfterEpochs(1).build();
    AveragingConfig two = examples(DecaySchedule.constant(0.9)).build();
    ParameterAverage[] together = {
      new ParameterAverage(one, floats(1, 2)), new ParameterAverage(two, floats(1, 2))
    };
    ParameterAverage[] alone = {
      new ParameterAverage(one, floats(1, 2)), new ParameterAverage(two, floats(1, 2))
    };
    AverageGroup group = AverageGroup.of(together);
    for (int step = 0; step < 9; step++) {
      INDArray params = floats(step, -step);
      group.update(params, 1 + step % 4, step / 3);
      for (ParameterAverage average : alone) {
        average.update(params, 1 + step % 4, step / 3);
      }
    }
    for (int i = 0; i < 2; i++) {
      assertEquals(alone[i].counters(), together[i].counters());
      assertEquals(alone[i].shadow(), together[i].shadow());
    }
    assertThrows(IllegalStateException.class, () -> group.update(floats(1, 2)));
    assertThrows(IllegalStateException.class, () -> group.update(floats(1, 2), 3));
    ParameterAverage steps = new ParameterAverage(AveragingConfig.of(0.9), floats(1, 2));
    ParameterAverage other = new ParameterAverage(two, floats(1, 2));
    Exception e = assertThrows(IllegalArgumentException.class, () -> AverageGroup.of(steps, other));
    assertTrue(e.getMessage().contains("count steps and examples"), e.getMessage());
  }

  @Test
  void whatCannotBeCountedIsRefused() {
    AveragingConfig.Builder config = examples(DecaySchedule.constant(0.9));
    ParameterAverage average = new ParameterAverage(config.build(), floats(1));
    Exception e = assertThrows(IllegalStateException.class, () -> average.update(floats(2)));
    assertTrue(e.getMessage().contains("counts examples"), e.getMessage());
    e = assertThrows(IllegalArgumentException.class, () -> average.update(floats(2), 0));
    assertTrue(e.getMessage().contains("at least 1 example, but was of 0"), e.getMessage());
    ParameterAverage later =
        new ParameterAverage(
            AveragingConfig.builder().decay(0.9).startAfterEpochs(1).build(), floats(1));
    e = assertThrows(IllegalStateException.class, () -> later.update(floats(2)));
    assertTrue(e.getMessage().contains("after 1 epochs"), e.getMessage());

    config.updateEvery(2);
    assertThrows(IllegalStateException.class, config::build);
    config.updateEvery(1).correctDecayForInterval(false);
    assertThrows(IllegalStateException.class, config::build);
    config.correctDecayForInterval(true).startAfter(1).startAfterEpochs(1);
    assertThrows(IllegalStateException.class, config::build);
    assertThrows(IllegalArgumentException.class, () -> config.startAfterEpochs(-1));
    assertThrows(IllegalArgumentException.class, () -> DecaySchedule.halfLifeEpochs(1, 0));
    assertThrows(IllegalArgumentException.class, () -> DecaySchedule.windowEpochs(0, 5));
  }

  @ParameterizedTest
  @ValueSource(ints = {16, 64})
  void adviceIsInExamples(int batch) {
    AveragingConfig config = examples(DecaySchedule.window(50_000)).build();
    ParameterAverage average = new ParameterAverage(config, floats(1));
    epoch(average, 12_800, batch);
    assertEquals(
        Optional.of(
            "At decay 0.99998 after 12,800 examples the average is still 77 % initial weights:"
                + " train longer, use a schedule that fits any run"
                + " (DecaySchedule.powerFunction(0.05)) or DecaySchedule.window(640) for a run of"
                + " this length"),
        DecayAdvice.about(config, average.counters()));
    assertEquals(0.99998, DecayAdvice.stepDecay(config, average.counters()), 1e-12);
  }
}
