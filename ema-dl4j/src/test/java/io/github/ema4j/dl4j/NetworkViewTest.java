// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.Swap;
import io.github.ema4j.dl4j.checkpoint.EmaCheckpoint;
import io.github.ema4j.dl4j.export.EmaExport;
import io.github.ema4j.dl4j.internal.Networks;
import io.github.ema4j.testing.Bits;
import io.github.ema4j.testing.dl4j.Batches;
import io.github.ema4j.testing.dl4j.Data;
import io.github.ema4j.testing.dl4j.Nets;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.api.NeuralNetwork;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;

class NetworkViewTest {

  private static final DataSet POINTS = Data.points(1, 24);

  static List<Model> networks() {
    return List.of(Nets.mlp(), Nets.graph());
  }

  private static ModelEmaListener trained(Model network) {
    ModelEmaListener ema = new ModelEmaListener(0.9);
    network.setListeners(ema);
    fit(network);
    return ema;
  }

  private static void fit(Model network) {
    ((NeuralNetwork) network).fit(Batches.of(POINTS, 8));
  }

  private static INDArray output(Model network) {
    return network instanceof MultiLayerNetwork mln
        ? mln.output(POINTS.getFeatures())
        : ((ComputationGraph) network).outputSingle(POINTS.getFeatures());
  }

  private static long address(INDArray array) {
    return array.data().address() + array.offset() * array.data().getElementSize();
  }

  @ParameterizedTest
  @MethodSource("networks")
  void viewIsTheShadowItselfAndFollowsEveryUpdate(Model network) {
    ModelEmaListener ema = trained(network);
    Model view = ema.averagedView(network);
    assertEquals(address(ema.shadow()), address(view.params()));
    INDArray before = output(view).dup();

    fit(network);

    assertEquals(Bits.of(ema.shadow()), Bits.of(view.params()));
    assertNotEquals(Bits.of(before), Bits.of(output(view)));
    assertEquals(Bits.of(output(ema.averagedNetwork(network))), Bits.of(output(view)));
    assertTrue(Networks.listeners(view).isEmpty());
  }

  @ParameterizedTest
  @MethodSource("networks")
  void viewCopyAndSwappedNetworkGiveTheSameOutput(Model network) {
    ModelEmaListener ema = trained(network);
    Bits raw = Bits.of(output(network));
    Bits view = Bits.of(output(ema.averagedView(network)));
    Bits copy = Bits.of(output(ema.averagedNetwork(network)));
    try (Swap ignored = ema.swap(network)) {
      assertEquals(view, Bits.of(output(network)));
    }
    assertEquals(view, copy);
    assertEquals(raw, Bits.of(output(network)));
    assertNotEquals(raw, view);
  }

  @ParameterizedTest
  @MethodSource("networks")
  void copyIsIndependent(Model network) {
    ModelEmaListener ema = trained(network);
    Model copy = ema.averagedNetwork(network);
    Bits averaged = Bits.of(ema.shadow());
    assertEquals(averaged, Bits.of(copy.params()));
    assertNotEquals(address(ema.shadow()), address(copy.params()));
    assertTrue(Networks.listeners(copy).isEmpty());

    fit(network);
    assertEquals(averaged, Bits.of(copy.params()));

    Bits raw = Bits.of(network.params());
    Bits later = Bits.of(ema.shadow());
    fit(copy);
    assertNotEquals(averaged, Bits.of(copy.params()));
    assertEquals(raw, Bits.of(network.params()));
    assertEquals(later, Bits.of(ema.shadow()));
    assertEquals(6, ema.updateCount());
  }

  @ParameterizedTest
  @MethodSource("networks")
  void copyKeepsCountsAndGoesOnFromThem(Model network) {
    fit(network);
    ModelEmaListener ema = trained(network);
    TrainingState live = TrainingState.of(network);
    assertEquals(6, live.iteration());
    assertEquals(2, live.epoch());

    Model copy = ema.averagedNetwork(network);
    TrainingState copied = TrainingState.of(copy);
    assertEquals(6, copied.iteration());
    assertEquals(2, copied.epoch());
    assertEquals(network.params().dataType(), copy.params().dataType());

    fit(copy);
    assertEquals(9, TrainingState.of(copy).iteration());
    assertEquals(3, TrainingState.of(copy).epoch());
    assertEquals(live, TrainingState.of(network));
  }

  @ParameterizedTest
  @MethodSource("networks")
  void copyIsSavedAndLoadedByPlainDeeplearning4j(Model network, @TempDir Path folder)
      throws IOException {
    ModelEmaListener ema = trained(network);
    File file = folder.resolve("averaged.zip").toFile();
    Model copy = ema.averagedNetwork(network);
    ModelSerializer.writeModel(copy, file, true);

    Model loaded =
        network instanceof MultiLayerNetwork
            ? MultiLayerNetwork.load(file, true)
            : ComputationGraph.load(file, true);

    assertEquals(Bits.of(ema.shadow()), Bits.of(loaded.params()));
    assertEquals(Bits.of(output(copy)), Bits.of(output(loaded)));
    assertEquals(TrainingState.of(network).iteration(), TrainingState.of(loaded).iteration());
    assertEquals(TrainingState.of(network).epoch(), TrainingState.of(loaded).epoch());
  }

  @ParameterizedTest
  @MethodSource("networks")
  void viewIsSavedWithoutUpdater(Model network, @TempDir Path folder) throws IOException {
    ModelEmaListener ema = trained(network);
    File file = folder.resolve("view.zip").toFile();
    ModelSerializer.writeModel(ema.averagedView(network), file, false);
    Model loaded =
        network instanceof MultiLayerNetwork
            ? MultiLayerNetwork.load(file, false)
            : ComputationGraph.load(file, false);
    assertEquals(Bits.of(ema.shadow()), Bits.of(loaded.params()));
  }

  @Test
  void batchNormStatisticsAreAveragedLikeWeights() {
    MultiLayerNetwork network = Nets.cnn();
    ModelEmaListener ema = new ModelEmaListener(0.9);
    network.setListeners(ema);
    INDArray start = network.getParam("1_mean").dup();
    network.fit(Data.images(2, 16));

    INDArray averaged = ema.averagedNetwork(network).getParam("1_mean");
    INDArray expected = start.mul(0.9).add(network.getParam("1_mean").mul(0.1));

    assertNotEquals(Bits.of(start), Bits.of(averaged));
    assertTrue(averaged.equalsWithEps(expected, 1e-6), averaged + " is not " + expected);
  }

  /** A configuration from a file brings the order of its vertices, and so of its parameters. */
  @Test
  void graphKeepsItsOwnOrderOfParameters() {
    ComputationGraph graph = Nets.branchesInReverse();
    ModelEmaListener ema = trained(graph);

    ComputationGraph copy = ema.averagedNetwork(graph);
    INDArray ofView = output(ema.averagedView(graph));

    try (Swap ignored = ema.swap(graph)) {
      graph
          .paramTable()
          .forEach((name, values) -> assertEquals(Bits.of(values), Bits.of(copy.getParam(name))));
      assertEquals(Bits.of(output(graph)), Bits.of(output(copy)));
      assertEquals(Bits.of(output(graph)), Bits.of(ofView));
    }
  }

  @Test
  void savedGraphKeepsItsOwnOrderOfParameters(@TempDir Path folder) throws IOException {
    ComputationGraph graph = Nets.branchesInReverse();
    ModelEmaListener ema = trained(graph);
    Path checkpoint = folder.resolve("checkpoint.zip");
    Path export = folder.resolve("export.zip");
    EmaCheckpoint.save(checkpoint, graph, ema);
    EmaExport.save(export, graph, ema);

    Bits raw = Bits.of(output(graph));
    Bits averaged = Bits.of(output(ema.averagedNetwork(graph)));
    assertEquals(raw, Bits.of(output(ComputationGraph.load(checkpoint.toFile(), true))));
    assertEquals(averaged, Bits.of(output(ComputationGraph.load(export.toFile(), false))));
  }
}
