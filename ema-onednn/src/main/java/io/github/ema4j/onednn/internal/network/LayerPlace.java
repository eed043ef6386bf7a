// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.onednn.internal.network;

import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.graph.vertex.GraphVertex;
import org.deeplearning4j.nn.graph.vertex.VertexIndices;
import org.deeplearning4j.nn.graph.vertex.impl.FrozenVertex;
import org.deeplearning4j.nn.graph.vertex.impl.LayerVertex;
import org.deeplearning4j.nn.layers.FrozenLayer;
import org.deeplearning4j.nn.layers.FrozenLayerWithBackprop;
import org.deeplearning4j.nn.layers.wrapper.BaseWrapperLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;

/** Where a network keeps one of its layers, and where another can be put. */
public final class LayerPlace {

  private final String name;
  private final Layer layer;
  private final boolean lowest;
  private final Consumer<Layer> replace;

  private LayerPlace(String name, Layer layer, boolean lowest, Consumer<Layer> replace) {
    this.name = name;
    this.layer = layer;
    this.lowest = lowest;
    this.replace = replace;
  }

  /**
   * The places of all layers. A frozen layer counts as what is frozen.
   *
   * @param network an initialised MultiLayerNetwork or ComputationGraph
   * @return in the order of the network
   * @throws IllegalStateException if it is not initialised
   */
  public static List<LayerPlace> of(Model network) {
    if (!isInitialised(network)) {
      throw new IllegalStateException(
          network.getClass().getSimpleName() + " has no layers yet: call init() on it first");
    }
    return network instanceof ComputationGraph graph
        ? ofGraph(graph)
        : ofMultiLayerNetwork((MultiLayerNetwork) network);
  }

  /**
   * The layer's name.
   *
   * @return as configured, or as Deeplearning4j has made one up
   */
  public String name() {
    return name;
  }

  /**
   * The layer.
   *
   * @return what stood here when the places were listed
   */
  public Layer layer() {
    return layer;
  }

  /**
   * Whether nothing below the layer learns, so that nothing uses the gradient of its input.
   *
   * @return true if the layer's inputs are the network's, or come from frozen layers
   */
  public boolean isLowest() {
    return lowest;
  }

  /**
   * Puts another layer here, under the same name.
   *
   * @param other of a subclass of this one's class
   */
  public void put(Layer other) {
    replace.accept(other);
  }

  private static boolean isInitialised(Model network) {
    Layer[] layers =
        network instanceof ComputationGraph graph
            ? graph.getLayers()
            : ((MultiLayerNetwork) network).getLayers();
    return layers != null && (layers.length == 0 || layers[0] != null);
  }

  private static List<LayerPlace> ofMultiLayerNetwork(MultiLayerNetwork network) {
    List<LayerPlace> places = new ArrayList<>();
    Layer[] layers = network.getLayers();
    for (int i = 0; i < layers.length; i++) {
      int index = i;
      String name = layers[i].conf().getLayer().getLayerName();
      boolean lowest = i == 0 || layers[i - 1] instanceof FrozenLayer;
      Consumer<Layer> replace =
          layer -> {
            layers[index] = layer;
            layersByName(network).put(name, layer);
          };
      places.add(inside(name, layers[i], lowest, replace));
    }
    return places;
  }

  private static List<LayerPlace> ofGraph(ComputationGraph graph) {
    List<LayerPlace> places = new ArrayList<>();
    Layer[] layers = graph.getLayers();
    GraphVertex[] vertices = graph.getVertices();
    for (int i = 0; i < layers.length; i++) {
      int index = i;
      LayerVertex vertex = vertexOf(layers[i], vertices);
      if (vertex != null) {
        Consumer<Layer> replace =
            layer -> {
              layers[index] = layer;
              vertex.setLayer(layer);
            };
        places.add(inside(vertex.getVertexName(), layers[i], isLowest(vertex, vertices), replace));
      }
    }
    return places;
  }

  private static LayerVertex vertexOf(Layer layer, GraphVertex[] vertices) {
    for (GraphVertex vertex : vertices) {
      if (vertex instanceof LayerVertex one && one.getLayer() == layer) {
        return one;
      }
    }
    return null; // Of a vertex of another kind, such as a frozen one.
  }

  private static boolean isLowest(LayerVertex vertex, GraphVertex[] vertices) {
    for (VertexIndices input : vertex.getInputVertices()) {
      GraphVertex below = vertices[input.getVertexIndex()];
      boolean frozen = below instanceof FrozenVertex || below.getLayer() instanceof FrozenLayer;
      if (!below.isInputVertex() && !frozen) {
        return false;
      }
    }
    return true;
  }

  private static LayerPlace inside(
      String name, Layer layer, boolean lowest, Consumer<Layer> replace) {
    boolean frozen = layer instanceof FrozenLayer || layer instanceof FrozenLayerWithBackprop;
    if (frozen) {
      BaseWrapperLayer wrapper = (BaseWrapperLayer) layer;
      return new LayerPlace(name, wrapper.getUnderlying(), lowest, wrapper::setUnderlying);
    }
    return new LayerPlace(name, layer, lowest, replace);
  }

  /** Beside its array of layers, MultiLayerNetwork keeps them by name, and tells nobody. */
  @SuppressWarnings("unchecked")
  private static Map<String, Layer> layersByName(MultiLayerNetwork network) {
    try {
      Field map = MultiLayerNetwork.class.getDeclaredField("layerMap");
      map.setAccessible(true);
      return (Map<String, Layer>) map.get(network);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(
          "Expected Deeplearning4j 1.0.0-M2.1, but its MultiLayerNetwork has no field layerMap", e);
    }
  }
}
