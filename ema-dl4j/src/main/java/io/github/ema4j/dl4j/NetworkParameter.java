// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import io.github.ema4j.dl4j.internal.Networks;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.graph.vertex.GraphVertex;
import org.deeplearning4j.nn.graph.vertex.impl.FrozenVertex;
import org.deeplearning4j.nn.layers.FrozenLayer;
import org.deeplearning4j.nn.layers.FrozenLayerWithBackprop;
import org.deeplearning4j.nn.layers.normalization.BatchNormalization;
import org.deeplearning4j.nn.layers.wrapper.BaseWrapperLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.params.BatchNormalizationParamInitializer;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * One named parameter array of a network and its place in the flat vector {@code Model.params()}.
 *
 * @param layer name of the layer or graph vertex
 * @param key name of the parameter within the layer, such as W, b, gamma or mean
 * @param frozen whether the layer is frozen, as in transfer learning
 * @param form how it holds what it stands for
 * @param from index of its first element in the flat vector
 * @param to index after its last element
 */
public record NetworkParameter(
    String layer, String key, boolean frozen, Form form, long from, long to) {

  /** How a parameter holds what it stands for, which decides what an average of it is. */
  public enum Form {
    /** As it is: the average is that of the parameter. */
    PLAIN,
    /** A variance, as batch norm with {@code useLogStd(false)}: the average is the parameter's. */
    VARIANCE,
    /**
     * A variance as the log10 of the standard deviation, as batch norm by default: the average is
     * that of the variance.
     */
    LOG10_DEVIATION
  }

  /**
   * The named parameter arrays of a network, in the order of the flat vector.
   *
   * @param network an initialised network
   * @return each with its place in {@code network.params()}
   */
  public static List<NetworkParameter> of(Model network) {
    long start = Networks.params(network).offset();
    List<NetworkParameter> parameters = new ArrayList<>();
    if (network instanceof MultiLayerNetwork mln) {
      for (Layer layer : mln.getLayers()) {
        String name = layer.conf().getLayer().getLayerName();
        add(parameters, start, name, isFrozen(layer), layer, layer.paramTable());
      }
    } else {
      for (GraphVertex vertex : ((ComputationGraph) network).getVertices()) {
        add(
            parameters,
            start,
            vertex.getVertexName(),
            vertex instanceof FrozenVertex || isFrozen(vertex.getLayer()),
            vertex.getLayer(),
            vertex.paramTable(false));
      }
    }
    parameters.sort(Comparator.comparingLong(NetworkParameter::from));
    return parameters;
  }

  private static Form form(Layer layer, String key) {
    Layer innermost = layer;
    while (innermost instanceof BaseWrapperLayer wrapper) {
      innermost = wrapper.getUnderlying();
    }
    if (!(innermost instanceof BatchNormalization)) {
      return Form.PLAIN;
    }
    return switch (key) {
      case BatchNormalizationParamInitializer.GLOBAL_VAR -> Form.VARIANCE;
      case BatchNormalizationParamInitializer.GLOBAL_LOG_STD -> Form.LOG10_DEVIATION;
      default -> Form.PLAIN;
    };
  }

  private static boolean isFrozen(Layer layer) {
    return layer instanceof FrozenLayer || layer instanceof FrozenLayerWithBackprop;
  }

  private static void add(
      List<NetworkParameter> parameters,
      long start,
      String name,
      boolean frozen,
      Layer layer,
      Map<String, INDArray> table) {
    if (table == null) {
      return;
    }
    // By offset: the order of the table is not that of the vector for every layer.
    table.forEach(
        (key, array) -> {
          if (array != null && array.length() > 0) {
            long from = array.offset() - start;
            parameters.add(
                new NetworkParameter(
                    name, key, frozen, form(layer, key), from, from + array.length()));
          }
        });
  }
}
