// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.ema4j.core.Coverage;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.ParameterSelection;
import io.github.ema4j.dl4j.Treatment;
import io.github.ema4j.testing.dl4j.Kind;
import java.io.IOException;
import java.nio.file.Path;
import org.deeplearning4j.nn.api.Model;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/** Checkpoints of averages of a part of the network; {@link Format1Test} reads one without. */
class SelectionCheckpointTest {

  @TempDir Path directory;

  private static Run start(Kind kind) {
    Model network = kind.initialised();
    String first = kind == Kind.GRAPH ? "first" : "layer0";
    ModelEmaListener ema =
        new ModelEmaListener(
            Run.CONFIG,
            ParameterSelection.averageAll().excludeLayers(first).keys(Treatment.COPY, "b"));
    network.setListeners(ema);
    return new Run(kind, network, ema);
  }

  @ParameterizedTest
  @EnumSource(
      mode = Mode.INCLUDE,
      names = {"MLP", "CNN", "LSTM", "GRAPH", "CONSTRAINED", "HALF"})
  void resumedRunHasTheBitsOfAnUninterruptedOne(Kind kind) throws IOException {
    Run whole = start(kind);
    whole.fitIterations(0, 12);
    byte[] expected = whole.state(directory);
    Coverage coverage = whole.ema().average().coverage();

    Path file = directory.resolve("checkpoint.zip");
    Run first = start(kind);
    first.fitIterations(0, 7);
    first.save(file);
    Run second = Run.restore(kind, file);
    assertEquals(coverage, second.ema().average().coverage());
    second.fitIterations(7, 12);

    assertArrayEquals(expected, second.state(directory));
  }

  @Test
  void fileTellsWhatIsCovered() throws IOException {
    Path file = directory.resolve("checkpoint.zip");
    Run run = start(Kind.MLP); // 12-6-3
    run.fitIterations(0, 1);
    run.save(file);
    assertEquals(
        Coverage.parse(99, "78-96", "72-78,96-99"), EmaCheckpoint.info(file).average().coverage());
  }
}
