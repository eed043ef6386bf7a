// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.AveragingConfig;
import io.github.ema4j.core.AveragingUnit;
import io.github.ema4j.core.NonFiniteParametersException;
import io.github.ema4j.core.NonFinitePolicy;
import io.github.ema4j.core.schedule.DecaySchedule;
import io.github.ema4j.dl4j.EmaCheckpointException;
import io.github.ema4j.dl4j.Moment;
import io.github.ema4j.dl4j.ParameterSelection;
import io.github.ema4j.testing.dl4j.Kind;
import io.github.ema4j.testing.dl4j.Models;
import java.io.IOException;
import java.nio.file.Path;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;

/** A resumed run has the bits of an uninterrupted one: weights, updater, average, counters. */
class ResumeTest {

  @TempDir Path directory;

  private Path file() {
    return directory.resolve("checkpoint.zip");
  }

  /** What happens to a process between two runs. */
  private static void disturbRandom() {
    Nd4j.getRandom().setSeed(987);
    Nd4j.rand(7);
  }

  @ParameterizedTest
  @EnumSource
  void savedBetweenFits(Kind kind) throws IOException {
    Run whole = Run.start(kind);
    whole.fitIterations(0, 12);
    byte[] expected = whole.state(directory);

    Run first = Run.start(kind);
    first.fitIterations(0, 7);
    first.save(file());
    disturbRandom();
    Run second = Run.restore(kind, file());
    second.fitIterations(7, 12);

    assertArrayEquals(expected, second.state(directory));
    assertEquals(Moment.BETWEEN_FITS, EmaCheckpoint.info(file()).savedAt());
  }

  @ParameterizedTest
  @EnumSource(mode = Mode.EXCLUDE, names = "LSTM_TRUNCATED")
  void savedInIterationDone(Kind kind) throws IOException {
    Run whole = Run.start(kind);
    whole.fitIterations(0, 12);
    byte[] expected = whole.state(directory);

    Run first = Run.start(kind);
    first.with(Run.savingInIteration(6, file(), first.ema()));
    first.fitIterations(0, 9); // goes on after saving, and is lost
    disturbRandom();
    Run second = Run.restore(kind, file());
    second.fitIterations(7, 12);

    assertArrayEquals(expected, second.state(directory));
    CheckpointInfo info = EmaCheckpoint.info(file());
    assertEquals(Moment.ITERATION_DONE, info.savedAt());
    assertEquals(7, info.iteration());
    assertEquals(7, info.average().counters().steps());
  }

  @ParameterizedTest
  @EnumSource
  void savedAtTheEndOfAnEpoch(Kind kind) throws IOException {
    Run whole = Run.start(kind);
    whole.fitEpochs(4);
    byte[] expected = whole.state(directory);

    Run first = Run.start(kind);
    first.with(Run.savingAtEpochEnd(file(), first.ema()));
    first.fitEpochs(2);
    disturbRandom();
    Run second = Run.restore(kind, file());
    second.fitEpochs(2);

    assertArrayEquals(expected, second.state(directory));
    CheckpointInfo info = EmaCheckpoint.info(file());
    assertEquals(Moment.EPOCH_END, info.savedAt());
    assertEquals(2, info.epoch());
  }

  @Test
  void savedInTheLastIterationOfAnEpoch() throws IOException {
    Run whole = Run.start(Kind.CNN);
    whole.fitEpochs(1);
    byte[] expected = whole.state(directory);

    Run first = Run.start(Kind.CNN);
    first.with(Run.savingInIteration(3, file(), first.ema()));
    first.fitEpochs(1);
    Run second = Run.restore(Kind.CNN, file());
    second.fitIterations(4, 5);

    // Fitting minibatch by minibatch, Deeplearning4j counts no epoch.
    ((MultiLayerNetwork) second.network()).incrementEpochCount();
    assertArrayEquals(expected, second.state(directory));
  }

  @Test
  void savedBeforeTheFirstUpdate() throws IOException {
    Run whole = Run.start(Kind.MLP);
    whole.fitIterations(0, 4);
    byte[] expected = whole.state(directory);

    Run first = Run.start(Kind.MLP);
    first.ema().start(first.network());
    first.save(file());
    Run second = Run.restore(Kind.MLP, file());
    second.fitIterations(0, 4);

    assertArrayEquals(expected, second.state(directory));
  }

  @Test
  void withAPartOfTheParametersAveraged() throws IOException {
    ParameterSelection selection =
        ParameterSelection.averageAll().copyBatchNormStatistics().excludeLayers("second");
    Run whole = Run.start(Kind.GRAPH, selection);
    whole.fitIterations(0, 9);

    Run first = Run.start(Kind.GRAPH, selection);
    first.with(Run.savingInIteration(3, file(), first.ema()));
    first.fitIterations(0, 4);
    Run second = Run.restore(Kind.GRAPH, file());
    second.fitIterations(4, 9);

    assertArrayEquals(whole.state(directory), second.state(directory));
    assertEquals(selection.coverageOf(whole.network()), second.ema().average().coverage());
  }

  @Test
  void resumedManyTimes() throws IOException {
    Run whole = Run.start(Kind.CNN);
    whole.fitIterations(0, 10);
    byte[] expected = whole.state(directory);

    Run run = Run.start(Kind.CNN);
    for (int i = 0; i < 10; i++) {
      run.fitIterations(i, i + 1);
      run.save(file());
      disturbRandom();
      run = Run.restore(Kind.CNN, file());
    }

    assertArrayEquals(expected, run.state(directory));
  }

  @Test
  void savingDoesNotDisturbTraining() throws IOException {
    Run plain = Run.start(Kind.CONSTRAINED);
    plain.fitIterations(0, 9);
    Run saving = Run.start(Kind.CONSTRAINED);
    saving.with(Run.savingInIteration(4, file(), saving.ema()));
    saving.fitIterations(0, 9);

    assertArrayEquals(plain.state(directory), saving.state(directory));
  }

  /** Saved while the average still awaits its epoch, and after it has begun. */
  @ParameterizedTest
  @EnumSource(mode = Mode.EXCLUDE, names = "LSTM_TRUNCATED")
  void countingExamplesFromAnEpochOn(Kind kind) throws IOException {
    for (int start : new int[] {1, 3}) {
      AveragingConfig config =
          AveragingConfig.builder()
              .schedule(DecaySchedule.powerFunction(0.1))
              .unit(AveragingUnit.EXAMPLES)
              .startAfterEpochs(start)
              .build();
      Run whole = Run.start(kind, config);
      whole.fitEpochs(5);
      byte[] expected = whole.state(directory);

      Run first = Run.start(kind, config);
      first.with(Run.savingAtEpochEnd(file(), first.ema()));
      first.fitEpochs(2);
      disturbRandom();
      Run second = Run.restore(kind, file(), config);
      second.fitEpochs(3);

      assertArrayEquals(expected, second.state(directory));
      assertEquals((5 - start) * Kind.BATCHES, second.ema().updateCount());
      Exception e = assertThrows(EmaCheckpointException.class, () -> Run.restore(kind, file()));
      assertTrue(e.getMessage().contains("unit is EXAMPLES, expected STEPS"), e.getMessage());
    }
  }

  private static void poison(Run run) {
    DataSet poison = run.kind().batch(0).copy();
    poison.getLabels().putScalar(0, Double.NaN);
    Models.fit(run.network(), poison);
  }

  /** Two in a row, saved between them, and as many as are left until it gives up. */
  @ParameterizedTest
  @EnumSource(
      mode = Mode.EXCLUDE,
      names = {"LSTM_TRUNCATED", "HALF"})
  void restoredFromTheAverage(Kind kind) throws IOException {
    AveragingConfig config =
        AveragingConfig.builder()
            .schedule(DecaySchedule.powerFunction(0.1))
            .onNonFinite(NonFinitePolicy.RESTORE)
            .build();
    Run whole = Run.start(kind, config);
    whole.fitIterations(0, 4);
    poison(whole);
    poison(whole);
    whole.fitIterations(4, 6);
    byte[] expected = whole.state(directory);

    Run first = Run.start(kind, config);
    first.fitIterations(0, 4);
    first.with(Run.savingInIteration(4, file(), first.ema()));
    poison(first);
    disturbRandom();
    Run second = Run.restore(kind, file(), config);
    poison(second);
    second.fitIterations(4, 6);

    assertArrayEquals(expected, second.state(directory));
    assertEquals(2, second.ema().restores());
    assertEquals(1, EmaCheckpoint.info(file()).average().counters().restoresInARow());
    Run third = Run.restore(kind, file(), config);
    poison(third);
    poison(third);
    assertThrows(NonFiniteParametersException.class, () -> poison(third));
  }

  @Test
  void theRandomStateMatters() throws IOException {
    // Guards the tests above: with dropout, a run that goes on from another state is another run.
    Run whole = Run.start(Kind.MLP);
    whole.fitIterations(0, 8);
    float expected = whole.network().params().getFloat(0);

    Run first = Run.start(Kind.MLP);
    first.fitIterations(0, 4);
    first.save(file());
    Run second = Run.restore(Kind.MLP, file());
    disturbRandom();
    second.fitIterations(4, 8);

    assertNotEquals(expected, second.network().params().getFloat(0));
  }
}
