// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.onednn.internal.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.layers.FrozenLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.transferlearning.TransferLearning;
import org.junit.jupiter.api.Test;

/** Layers are found with their names, and others take their places. */
class LayerPlaceTest {

  private static DenseLayer dense() {
    return new DenseLayer.Builder().nOut(3).build();
  }

  private static MultiLayerNetwork layers() {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .list()
                .layer(dense())
                .layer(new DenseLayer.Builder().name("second").nOut(3).build())
                .layer(new OutputLayer.Builder().nOut(2).build())
                .setInputType(InputType.feedForward(4))
                .build());
    network.init();
    return network;
  }

  /** Two branches, of which the second has a layer more, and one layer above both. */
  private static ComputationGraph graph() {
    ComputationGraph graph =
        new ComputationGraph(
            new NeuralNetConfiguration.Builder()
                .graphBuilder()
                .addInputs("in")
                .addLayer("left", dense(), "in")
                .addLayer("right", dense(), "in")
                .addLayer("above", dense(), "right")
                .addVertex("both", new MergeVertex(), "left", "above")
                .addLayer("out", new OutputLayer.Builder().nOut(2).build(), "both")
                .setOutputs("out")
                .setInputTypes(InputType.feedForward(4))
                .build());
    graph.init();
    return graph;
  }

  private static List<String> names(Model network) {
    return LayerPlace.of(network).stream().map(LayerPlace::name).toList();
  }

  private static List<String> lowest(Model network) {
    return LayerPlace.of(network).stream()
        .filter(LayerPlace::isLowest)
        .map(LayerPlace::name)
        .sorted()
        .toList();
  }

  private static LayerPlace place(Model network, String name) {
    return LayerPlace.of(network).stream()
        .filter(place -> place.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void withoutLayersYetItSaysWhatToDo() {
    IllegalStateException e =
        assertThrows(
            IllegalStateException.class,
            () -> LayerPlace.of(new MultiLayerNetwork(layers().getLayerWiseConfigurations())));
    assertEquals("MultiLayerNetwork has no layers yet: call init() on it first", e.getMessage());
    assertThrows(
        IllegalStateException.class,
        () -> LayerPlace.of(new ComputationGraph(graph().getConfiguration())));
  }

  @Test
  void namesAreThoseOfTheConfigurationInItsOrder() {
    assertEquals(List.of("layer0", "second", "layer2"), names(layers()));
    assertEquals(
        List.of("above", "left", "out", "right"), names(graph()).stream().sorted().toList());
  }

  @Test
  void theLowestAreThoseOnInputsAlone() {
    assertEquals(List.of("layer0"), lowest(layers()));
    assertEquals(List.of("left", "right"), lowest(graph()));
  }

  /** One branch is frozen and the other learns, so what is above both is not the lowest. */
  @Test
  void thoseAboveFrozenLayersAreLowestTooIfAllBelowAreFrozen() {
    MultiLayerNetwork frozen =
        new TransferLearning.Builder(layers()).setFeatureExtractor(0).build();
    assertEquals(List.of("layer0", "second"), lowest(frozen));
    ComputationGraph right =
        new TransferLearning.GraphBuilder(graph()).setFeatureExtractor("right").build();
    assertEquals(List.of("above", "left", "right"), lowest(right));
  }

  @Test
  void whatIsPutIsWhatTheNetworkUsesByNumberAndByName() {
    MultiLayerNetwork network = layers();
    Layer other = layers().getLayer(1);
    place(network, "second").put(other);
    assertSame(other, network.getLayer(1));
    assertSame(other, network.getLayer("second"));
    assertSame(other, place(network, "second").layer());

    ComputationGraph graph = graph();
    Layer left = graph().getLayer("left");
    place(graph, "left").put(left);
    assertSame(left, graph.getLayer("left"));
    assertSame(left, graph.getVertex("left").getLayer());
    assertTrue(List.of(graph.getLayers()).stream().anyMatch(layer -> layer == left));
  }

  @Test
  void aFrozenLayerStaysFrozenAroundTheOther() {
    MultiLayerNetwork network =
        new TransferLearning.Builder(layers()).setFeatureExtractor(0).build();
    FrozenLayer frozen = assertInstanceOf(FrozenLayer.class, network.getLayer(0));
    LayerPlace place = LayerPlace.of(network).get(0);
    assertSame(frozen.getUnderlying(), place.layer());
    Layer other = layers().getLayer(0);
    place.put(other);
    assertSame(frozen, network.getLayer(0));
    assertSame(other, frozen.getUnderlying());
  }
}
