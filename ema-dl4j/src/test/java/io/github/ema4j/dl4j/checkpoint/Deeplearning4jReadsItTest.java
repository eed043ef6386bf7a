// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.dl4j.EmaCheckpointException;
import io.github.ema4j.testing.dl4j.Kind;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.deeplearning4j.core.util.ModelGuesser;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.preprocessor.NormalizerMinMaxScaler;
import org.nd4j.linalg.dataset.api.preprocessor.NormalizerStandardize;

/** Plain Deeplearning4j takes a checkpoint for the raw network. */
class Deeplearning4jReadsItTest {

  @TempDir Path directory;

  private Run run;

  private File checkpoint(Kind kind) throws IOException {
    run = Run.start(kind);
    run.fitIterations(0, 3);
    Path file = directory.resolve("checkpoint.zip");
    NormalizerStandardize normalizer = new NormalizerStandardize();
    normalizer.fit(kind.batch(0));
    EmaCheckpoint.save(file, run.network(), run.ema(), normalizer);
    return file.toFile();
  }

  private static double[] values(INDArray array) {
    return array.reshape(array.length()).dup().data().asDouble();
  }

  private void assertRaw(MultiLayerNetwork loaded, boolean withUpdater) {
    MultiLayerNetwork network = (MultiLayerNetwork) run.network();
    assertArrayEquals(values(network.params()), values(loaded.params()));
    assertEquals(3, loaded.getIterationCount());
    if (withUpdater) {
      assertArrayEquals(values(network.updaterState()), values(loaded.updaterState()));
    }
  }

  @Test
  void asMultiLayerNetwork() throws IOException {
    File file = checkpoint(Kind.CNN);

    assertRaw(MultiLayerNetwork.load(file, true), true);
    assertRaw(MultiLayerNetwork.load(file, false), false);
    assertRaw(ModelSerializer.restoreMultiLayerNetwork(file), true);
  }

  @Test
  void asComputationGraph() throws IOException {
    File file = checkpoint(Kind.GRAPH);

    ComputationGraph loaded = ModelSerializer.restoreComputationGraph(file);

    ComputationGraph network = (ComputationGraph) run.network();
    assertArrayEquals(values(network.params()), values(loaded.params()));
    assertArrayEquals(
        values(network.getUpdater().getStateViewArray()),
        values(loaded.getUpdater().getStateViewArray()));
    assertEquals(3, loaded.getIterationCount());
  }

  @Test
  void asTheModelItGuesses() throws Exception {
    Model guessed = ModelGuesser.loadModelGuess(checkpoint(Kind.MLP).getPath());

    assertRaw((MultiLayerNetwork) guessed, true);
  }

  @Test
  void withLayerNamesBeyondAscii() throws IOException {
    MultiLayerNetwork loaded = MultiLayerNetwork.load(checkpoint(Kind.NOISY), true);

    assertEquals("größe ∑", loaded.getLayer(0).conf().getLayer().getLayerName());
  }

  @Test
  void withItsNormalizer() throws IOException {
    NormalizerStandardize normalizer =
        ModelSerializer.restoreNormalizerFromFile(checkpoint(Kind.MLP));

    NormalizerStandardize expected = new NormalizerStandardize();
    expected.fit(Kind.MLP.batch(0));
    assertEquals(expected, normalizer);
  }

  @Test
  void butANormalizerThatItReplacesIsNotTheOneThatWasSaved() throws IOException {
    File file = checkpoint(Kind.MLP);
    NormalizerMinMaxScaler other = new NormalizerMinMaxScaler();
    other.fit(Kind.MLP.batch(1));

    ModelSerializer.addNormalizerToModel(file, other);

    EmaCheckpointException e =
        assertThrows(
            EmaCheckpointException.class,
            () -> EmaCheckpoint.restoreMultiLayerNetwork(file.toPath()));
    assertTrue(
        e.getMessage().contains("'normalizer.bin' is not the one that was saved"), e.getMessage());
  }

  @Test
  void fromTheDocumentedEntries() throws IOException {
    Set<String> names = new TreeSet<>();
    try (ZipFile zip = new ZipFile(checkpoint(Kind.MLP))) {
      for (ZipEntry entry : zip.stream().toList()) {
        names.add(entry.getName());
        assertFalse(entry.isDirectory());
      }
    }

    assertEquals(
        new TreeSet<>(
            Set.of(
                "configuration.json",
                "coefficients.bin",
                "updaterState.bin",
                "normalizer.bin",
                "emaState.json",
                "emaShadow.bin")),
        names);
  }

  @Test
  void withoutTracesOfItsWriterInMemory() throws IOException {
    // Shadow and network of a restored run share no memory with anything but each other's roles.
    File file = checkpoint(Kind.MLP);
    RestoredCheckpoint<MultiLayerNetwork> restored =
        EmaCheckpoint.restoreMultiLayerNetwork(file.toPath());
    double[] before = values(run.ema().shadow());

    restored.network().params().assign(0);
    restored.ema().restart(restored.network());

    assertArrayEquals(before, values(run.ema().shadow()));
    assertTrue(restored.ema().shadow().sumNumber().doubleValue() == 0);
  }
}
