// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.export;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.checkpoint.Run;
import io.github.ema4j.testing.Jvm;
import io.github.ema4j.testing.Zips;
import io.github.ema4j.testing.dl4j.Kind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Set;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.preprocessor.NormalizerStandardize;

/** An exported network is the averaged one, and nothing but Deeplearning4j is needed to use it. */
class EmaExportTest {

  @TempDir Path directory;

  private static Run trained(Kind kind) {
    Run run = Run.start(kind);
    run.fitIterations(0, 6);
    return run;
  }

  private static double[] values(INDArray array) {
    return array.reshape(array.length()).dup().data().asDouble();
  }

  @Test
  void isTheAveragedMultiLayerNetwork() throws IOException {
    Run run = trained(Kind.CNN);
    Path file = directory.resolve("model.zip");

    EmaExport.save(file, run.network(), run.ema());

    MultiLayerNetwork loaded = MultiLayerNetwork.load(file.toFile(), false);
    assertArrayEquals(values(run.ema().shadow()), values(loaded.params()));
    MultiLayerNetwork averaged = run.ema().averagedNetwork((MultiLayerNetwork) run.network());
    INDArray features = Kind.CNN.batch(0).getFeatures();
    assertArrayEquals(values(averaged.output(features)), values(loaded.output(features)));
    assertEquals(6, loaded.getIterationCount());
    assertEquals(Set.of("configuration.json", "coefficients.bin"), Zips.read(file).keySet());
  }

  @Test
  void isTheAveragedComputationGraph() throws IOException {
    Run run = trained(Kind.GRAPH);
    Path file = directory.resolve("model.zip");

    EmaExport.save(file, run.network(), run.ema());

    ComputationGraph loaded = ComputationGraph.load(file.toFile(), false);
    assertArrayEquals(values(run.ema().shadow()), values(loaded.params()));
  }

  @Test
  void isOfTheNetworksDataType() throws IOException {
    Run run = trained(Kind.HALF);
    Path file = directory.resolve("model.zip");

    EmaExport.save(file, run.network(), run.ema());

    MultiLayerNetwork loaded = MultiLayerNetwork.load(file.toFile(), false);
    assertEquals(DataType.HALF, loaded.params().dataType());
    assertArrayEquals(values(run.ema().shadow().castTo(DataType.HALF)), values(loaded.params()));
  }

  @Test
  void hasItsNormalizer() throws IOException {
    Run run = trained(Kind.MLP);
    NormalizerStandardize normalizer = new NormalizerStandardize();
    normalizer.fit(Kind.MLP.batch(0));
    Path file = directory.resolve("model.zip");

    EmaExport.save(file, run.network(), run.ema(), normalizer);

    NormalizerStandardize restored = ModelSerializer.restoreNormalizerFromFile(file.toFile());
    assertEquals(normalizer, restored);
  }

  @Test
  void countsTheIterationThatIsUnderWay() throws IOException {
    Run run = Run.start(Kind.MLP);
    Path file = directory.resolve("model.zip");
    run.with(
        new BaseTrainingListener() {
          @Override
          public void iterationDone(Model network, int iteration, int epoch) {
            try {
              EmaExport.save(file, network, run.ema());
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          }
        });
    run.fitIterations(0, 4);

    assertEquals(4, MultiLayerNetwork.load(file.toFile(), false).getIterationCount());
  }

  @Test
  void mayBeANetworkMadeReadyByTheUser() throws IOException {
    Run run = trained(Kind.CNN);
    MultiLayerNetwork averaged = run.ema().averagedNetwork((MultiLayerNetwork) run.network());
    averaged.getLayer(1).getParam("mean").assign(3);
    Path file = directory.resolve("model.zip");

    EmaExport.save(file, averaged);

    MultiLayerNetwork loaded = MultiLayerNetwork.load(file.toFile(), false);
    assertArrayEquals(values(averaged.params()), values(loaded.params()));
  }

  @Test
  void needsAnAverage() {
    Run run = trained(Kind.MLP);
    assertThrows(
        IllegalStateException.class,
        () ->
            EmaExport.save(
                directory.resolve("model.zip"), run.network(), new ModelEmaListener(0.9)));
  }

  @Test
  void loadsWithoutEma4jOnTheClassPath() throws Exception {
    Run run = trained(Kind.MLP);
    Path file = directory.resolve("model.zip");
    EmaExport.save(file, run.network(), run.ema());

    Process process = Jvm.withoutEma4j(LoadsExport.class, file.toString());
    String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

    assertEquals(0, process.waitFor(), printed);
    INDArray output =
        run.ema()
            .averagedNetwork((MultiLayerNetwork) run.network())
            .output(Kind.MLP.batch(0).getFeatures().getRow(0, true));
    assertTrue(
        printed.strip().endsWith("output " + output.getDouble(0)),
        "Expected " + output + ": " + printed);
  }
}
