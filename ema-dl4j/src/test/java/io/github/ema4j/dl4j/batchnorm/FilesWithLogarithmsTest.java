// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.batchnorm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.posthoc.PostHocEma;
import io.github.ema4j.core.posthoc.Snapshot;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.checkpoint.EmaCheckpoint;
import io.github.ema4j.dl4j.checkpoint.RestoredCheckpoint;
import io.github.ema4j.dl4j.posthoc.PostHocEmaListener;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Files from before batch-norm variances were averaged as variances go on as they were made, with
 * the averages of logarithms. Those in {@code batchnorm/format-1} were written by EMA4J 0.1.0 while
 * it did so, and must never be made anew: a network 3-4-2 with batch norm behind a ReLU, 30 updates
 * at decay 0.9, and snapshots of 20 updates.
 */
class FilesWithLogarithmsTest {

  private static final List<String> SNAPSHOTS =
      List.of(
          "sigma0.05-update000000000020.ema-snapshot", "sigma0.1-update000000000020.ema-snapshot");

  private static Path copy(String name, Path directory) throws IOException {
    Path file = directory.resolve(name);
    try (InputStream in =
        Objects.requireNonNull(
            FilesWithLogarithmsTest.class.getResourceAsStream("/batchnorm/format-1/" + name))) {
      Files.copy(in, file);
    }
    return file;
  }

  private static DataSet batch() {
    return new DataSet(
        Nd4j.rand(8, 3),
        Nd4j.createFromArray(
            new float[][] {{1, 0}, {0, 1}, {1, 0}, {0, 1}, {1, 0}, {0, 1}, {1, 0}, {0, 1}}));
  }

  @Test
  void aCheckpointGoesOnWithLogarithms(@TempDir Path directory) throws IOException {
    RestoredCheckpoint<MultiLayerNetwork> run =
        EmaCheckpoint.restoreMultiLayerNetwork(copy("checkpoint.zip", directory));
    MultiLayerNetwork network = run.network();
    ModelEmaListener ema = run.ema();
    assertEquals(30, ema.updateCount());
    network.addListeners(ema);
    float[] expected = ema.shadow().toFloatVector();
    for (int i = 0; i < 10; i++) {
      network.fit(batch());
      float[] params = network.params().toFloatVector();
      for (int j = 0; j < expected.length; j++) {
        expected[j] -= 0.1f * (expected[j] - params[j]);
      }
    }
    assertArrayEquals(expected, ema.shadow().toFloatVector());
    Path again = directory.resolve("again.zip");
    EmaCheckpoint.save(again, network, ema);
    assertEquals(3, EmaCheckpoint.info(again).format());
  }

  @Test
  void snapshotsGoOnWithLogarithms(@TempDir Path directory) throws IOException {
    for (String name : SNAPSHOTS) {
      copy(name, directory);
    }
    MultiLayerNetwork network =
        EmaCheckpoint.restoreMultiLayerNetwork(copy("checkpoint.zip", directory)).network();
    INDArray before = PostHocEma.read(directory).reconstruct(0.1);
    PostHocEmaListener averages = PostHocEmaListener.resume(directory, 20, network, 20);
    network.addListeners(averages);
    for (int i = 0; i < 20; i++) {
      network.fit(batch());
    }
    PostHocEma all = PostHocEma.read(directory);
    assertEquals(40, all.lastUpdate());
    assertTrue(all.snapshots().stream().allMatch(snapshot -> snapshot.variances().isEmpty()));
    assertEquals(before, all.reconstruct(0.1, 20));
  }

  @Test
  void oneRunHasSnapshotsInOneForm(@TempDir Path directory) throws IOException {
    copy(SNAPSHOTS.get(0), directory);
    MultiLayerNetwork network =
        EmaCheckpoint.restoreMultiLayerNetwork(copy("checkpoint.zip", directory)).network();
    Path other = Files.createDirectory(directory.resolve("other"));
    PostHocEmaListener averages = new PostHocEmaListener(other, 20);
    network.addListeners(averages);
    network.fit(batch());
    averages.snapshot();
    for (Snapshot snapshot : PostHocEma.read(other).snapshots()) {
      assertEquals(4, snapshot.variances().log10Deviations().count());
      Files.move(snapshot.file(), directory.resolve(snapshot.file().getFileName()));
    }
    IOException e = assertThrows(IOException.class, () -> PostHocEma.read(directory));
    assertTrue(e.getMessage().contains("hold variances in different forms"), e.getMessage());
  }
}
