// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.onednn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import io.github.ema4j.onednn.backend.NativeLibrary;
import io.github.ema4j.testing.LogCapture;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.updater.MultiLayerUpdater;
import org.deeplearning4j.optimize.listeners.CollectScoresIterationListener;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** What happens to a network, and what is said about it. */
@Tag("every-native")
class OneDnnTest {

  private static final NativeLibrary LIBRARY = NativeLibrary.loaded();

  @Test
  void reportTellsOfEveryLayerWhatBecameOfItAndWhy() {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .list()
                .layer(new ConvolutionLayer.Builder(3, 3).nOut(4).name("conv").build())
                .layer(
                    new ConvolutionLayer.Builder(2, 2).dilation(2, 2).nOut(4).name("wide").build())
                .layer(new BatchNormalization.Builder().name("norm").build())
                .layer(new BatchNormalization.Builder(1, 0, true).name("locked").build())
                .layer(
                    new ActivationLayer.Builder().activation(Activation.TANH).name("tanh").build())
                .layer(
                    new SubsamplingLayer.Builder(PoolingType.PNORM)
                        .pnorm(2)
                        .kernelSize(2, 2)
                        .name("norms")
                        .build())
                .layer(new DenseLayer.Builder().nOut(5).hasLayerNorm(true).name("dense").build())
                .layer(new OutputLayer.Builder(LossFunction.MSE).nOut(2).name("out").build())
                .setInputType(InputType.convolutional(12, 12, 2))
                .build());
    network.init();
    AccelerationReport report = OneDnn.accelerate(network);
    Map<String, String> obstacles =
        report.layers().stream()
            .collect(Collectors.toMap(LayerReport::name, layer -> layer.obstacle().orElse("")));
    assertEquals(LIBRARY.obstacle().orElse(""), obstacles.get("conv"));
    assertEquals("dilation 2 x 2", obstacles.get("wide"));
    assertEquals("", obstacles.get("norm"));
    assertEquals("locked gamma and beta", obstacles.get("locked"));
    assertEquals("activation tanh", obstacles.get("tanh"));
    assertEquals("pooling type PNORM", obstacles.get("norms"));
    assertEquals("layer norm", obstacles.get("dense"));
    assertEquals("nothing faster for it", obstacles.get("out"));
    assertEquals(LIBRARY.usesOneDnn() ? 2 : 1, report.accelerated());
    assertTrue(
        report
            .toString()
            .contains("\n  as before: BatchNormalization, locked gamma and beta: locked"),
        report::toString);
  }

  @Test
  void channelsLastStaysWithDeeplearning4j() {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .list()
                .layer(
                    new ConvolutionLayer.Builder(3, 3).dataFormat(CNN2DFormat.NHWC).nOut(4).build())
                .layer(new BatchNormalization.Builder().dataFormat(CNN2DFormat.NHWC).build())
                .layer(
                    new SubsamplingLayer.Builder(PoolingType.MAX)
                        .kernelSize(2, 2)
                        .dataFormat(CNN2DFormat.NHWC)
                        .build())
                .layer(new OutputLayer.Builder(LossFunction.MSE).nOut(2).build())
                .setInputType(InputType.convolutional(12, 12, 2, CNN2DFormat.NHWC))
                .build());
    network.init();
    assertEquals(0, OneDnn.accelerate(network).accelerated());
  }

  @ParameterizedTest
  @EnumSource
  void doublePrecisionStaysWithDeeplearning4j(TestNetworks kind) {
    Model network = kind.create();
    Model exact =
        network instanceof ComputationGraph graph
            ? graph.convertDataType(DataType.DOUBLE)
            : ((MultiLayerNetwork) network).convertDataType(DataType.DOUBLE);
    AccelerationReport report = TestNetworks.accelerate(exact);
    assertEquals(0, report.accelerated());
    assertFalse(report.changed());
  }

  @ParameterizedTest
  @EnumSource
  void secondCallChangesNothing(TestNetworks kind) {
    Model network = kind.create();
    AccelerationReport first = TestNetworks.accelerate(network);
    assertTrue(first.changed());
    Layer[] layers = layers(network).clone();
    AccelerationReport second = TestNetworks.accelerate(network);
    assertFalse(second.changed());
    assertEquals(first.layers(), second.layers());
    assertArrayEquals(layers, layers(network));
  }

  @Test
  void reportIsLoggedOnceAndNamesTheClassifierToAdd() {
    try (LogCapture log = new LogCapture(OneDnn.class)) {
      Model network = TestNetworks.LENET.create();
      AccelerationReport report = TestNetworks.accelerate(network);
      TestNetworks.accelerate(network);
      assertEquals(List.of(report.toString()), log.messages(Level.INFO));
      if (!LIBRARY.containsOneDnn()) {
        String expected =
            LIBRARY.platform().endsWith("x86_64")
                ? "add org.nd4j:nd4j-native with classifier " + LIBRARY.platform() + "-onednn"
                : "ND4J has no native library with oneDNN for " + LIBRARY.platform();
        assertTrue(report.toString().contains(expected), report::toString);
      }
    }
  }

  @Test
  void networkThatIsNotInitialisedIsRefused() {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            ((MultiLayerNetwork) TestNetworks.LENET.create()).getLayerWiseConfigurations());
    assertEquals(
        "MultiLayerNetwork has no layers yet: call init() on it first",
        assertThrows(IllegalStateException.class, () -> OneDnn.accelerate(network)).getMessage());
    ComputationGraph graph =
        new ComputationGraph(
            ((ComputationGraph) TestNetworks.RESIDUAL.create()).getConfiguration());
    assertEquals(
        "ComputationGraph has no layers yet: call init() on it first",
        assertThrows(IllegalStateException.class, () -> OneDnn.accelerate(graph)).getMessage());
  }

  @ParameterizedTest
  @EnumSource
  void networkKeepsWhatItIsMadeOf(TestNetworks kind) {
    Model network = kind.create();
    TestNetworks.fit(network, TestNetworks.batch(1, 6));
    CollectScoresIterationListener scores = new CollectScoresIterationListener();
    network.addListeners(scores);
    float[] params = network.params().data().asFloat();
    long address = network.params().data().address();
    int iterations = iterations(network);
    List<Integer> ofLayers = iterationsOfLayers(network);
    TestNetworks.accelerate(network);
    assertEquals(ofLayers, iterationsOfLayers(network));
    assertArrayEquals(params, network.params().data().asFloat());
    assertEquals(address, network.params().data().address());
    assertEquals(iterations, iterations(network));
    TestNetworks.fit(network, TestNetworks.batch(2, 6));
    assertEquals(1, scores.getScoreVsIter().getEffectiveIndexes().length);
  }

  @Test
  void layersAreFoundByNameAndByIndex() {
    MultiLayerNetwork network = (MultiLayerNetwork) TestNetworks.NORMALIZED.create();
    Layer before = network.getLayer("layer1");
    OneDnn.accelerate(network);
    assertNotSame(before, network.getLayer("layer1"));
    assertSame(network.getLayer(1), network.getLayer("layer1"));
    ComputationGraph graph = (ComputationGraph) TestNetworks.RESIDUAL.create();
    OneDnn.accelerate(graph);
    for (Layer layer : graph.getLayers()) {
      assertSame(layer, graph.getLayer(layer.conf().getLayer().getLayerName()));
    }
  }

  @ParameterizedTest
  @EnumSource
  void savedNetworkIsDeeplearning4jsOwn(TestNetworks kind) throws IOException {
    Model network = kind.create();
    TestNetworks.accelerate(network);
    for (DataSet batch : TestNetworks.batches(3)) {
      TestNetworks.fit(network, batch);
    }
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    ModelSerializer.writeModel(network, file, true);
    ByteArrayInputStream from = new ByteArrayInputStream(file.toByteArray());
    Model restored =
        network instanceof ComputationGraph
            ? ModelSerializer.restoreComputationGraph(from, true)
            : ModelSerializer.restoreMultiLayerNetwork(from, true);
    for (Layer layer : layers(restored)) {
      assertTrue(layer.getClass().getName().startsWith("org.deeplearning4j."));
    }
    // And goes on training as the original does.
    TestNetworks.accelerate(restored);
    Nd4j.getRandom().setSeed(1);
    TestNetworks.fit(network, TestNetworks.batch(9, 6));
    Nd4j.getRandom().setSeed(1);
    TestNetworks.fit(restored, TestNetworks.batch(9, 6));
    assertArrayEquals(network.params().data().asFloat(), restored.params().data().asFloat());
  }

  @Test
  void inferenceAloneMakesNoUpdater() {
    MultiLayerNetwork network = (MultiLayerNetwork) TestNetworks.LENET.create();
    OneDnn.accelerateInference(network);
    assertNull(network.getUpdater(false));
    assertNull(network.getFlattenedGradients());
    TestNetworks.fit(network, TestNetworks.batch(1, 6));
    assertSame(MultiLayerUpdater.class, network.getUpdater().getClass());
  }

  private static Layer[] layers(Model network) {
    return network instanceof ComputationGraph graph
        ? graph.getLayers()
        : ((MultiLayerNetwork) network).getLayers();
  }

  private static List<Integer> iterationsOfLayers(Model network) {
    return Stream.of(layers(network)).map(Layer::getIterationCount).toList();
  }

  private static int iterations(Model network) {
    return network instanceof ComputationGraph graph
        ? graph.getIterationCount()
        : ((MultiLayerNetwork) network).getIterationCount();
  }
}
