// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.internal;

import java.lang.reflect.Field;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.IUpdater;

/**
 * A second network beside a first one, which has proved to be the same.
 *
 * <p>Deeplearning4j copies a configuration by {@code clone()} or by its JSON, and each loses some
 * settings without a word: the one the order of a ReshapeVertex or the axis of a MergeVertex, the
 * other a schedule of AlphaDropout. And it rebuilds every weight matrix in 'f' order, while word
 * vectors that an embedding layer was given stand in 'c' order. So a copy of the configuration is
 * compared with the original field by field, and the arrays of the second network with those of the
 * first in shape and strides. Where an input was at hand, predictions were compared as well: {@link
 * SameOutput}. A network of which there is no such copy is refused.
 */
public final class Replica {

  /**
   * Fields that Deeplearning4j fills itself while it builds or runs a network, from other fields,
   * by the class that declares or has them. The one of AbstractLSTM is never read: each subclass
   * has another of that name.
   */
  private static final Set<String> FOLLOWING =
      Set.of(
          "AbstractLSTM.forgetGateBiasInit",
          "AbstractSameDiffLayer.layerParams",
          "AlphaDropout.a",
          "AlphaDropout.b",
          "AlphaDropout.alphaPrime",
          "BasePretrainNetwork.pretrain",
          "CnnToRnnPreProcessor.product",
          "ConvolutionLayer.defaultValueOverriden",
          "Dropout.helperCountFail",
          "Dropout.initializedHelper",
          "FeedForwardToCnn3DPreProcessor.shape",
          "FeedForwardToCnnPreProcessor.shape",
          "OCNNOutputLayer.lossFn",
          "OCNNOutputLayer.nOut",
          "RnnToCnnPreProcessor.product",
          "SameDiffVertex.vertexParams",
          "SubsamplingLayer.defaultValueOverridden");

  private Replica() {}

  /**
   * A second network of the same configuration whose parameters are the given array itself. It has
   * no listeners, no updater and no score, and keeps its own activations, inputs and recurrent
   * state. Making it draws no random numbers.
   *
   * @param network gives the configuration
   * @param params a vector of as many elements as the network has parameters; its data type becomes
   *     that of the new network
   * @param <M> the class of network
   * @return the new network
   * @throws UncopyableNetworkException if it would be another network
   */
  public static <M extends Model> M over(M network, INDArray params) {
    SameOutput.requireNotDisproved(network);
    return unproved(network, params);
  }

  /** The same, whatever it predicts: to find that out, or for what predicts nothing. */
  @SuppressWarnings("unchecked")
  static <M extends Model> M unproved(M network, INDArray params) {
    if (network instanceof MultiLayerNetwork layers) {
      return (M)
          rebuilt(
              layers,
              faithful(
                  layers.getLayerWiseConfigurations(),
                  List.of(MultiLayerConfiguration::clone, Replica::throughText)),
              params);
    }
    if (network instanceof ComputationGraph graph) {
      return (M)
          rebuilt(
              graph,
              faithful(
                  graph.getConfiguration(),
                  List.of(
                      original -> inOrder(original, original.clone()),
                      original -> inOrder(original, throughText(original)))),
              params);
    }
    throw new IllegalArgumentException(
        "Expected a MultiLayerNetwork or ComputationGraph, but was " + network);
  }

  /**
   * The configuration of a network as JSON, from which the same network can be rebuilt.
   *
   * @param network an initialised network
   * @return the text
   * @throws UncopyableNetworkException if it would be another network
   */
  public static String text(Model network) {
    SameOutput.requireNotDisproved(network);
    if (network instanceof MultiLayerNetwork layers) {
      MultiLayerConfiguration original = layers.getLayerWiseConfigurations();
      rebuilt(layers, faithful(original, List.of(Replica::throughText)), layers.params());
      return original.toJson();
    }
    ComputationGraph graph = (ComputationGraph) network;
    ComputationGraphConfiguration original = graph.getConfiguration();
    rebuilt(graph, faithful(original, List.of(Replica::throughText)), graph.params());
    return original.toJson();
  }

  // ---------------------------------------------------------------- configurations

  /** The first of several copies that says the same as the original. */
  private static <C> C faithful(C original, List<UnaryOperator<C>> ways) {
    String lost = null;
    for (UnaryOperator<C> way : ways) {
      Optional<String> difference;
      try {
        C copy = way.apply(original);
        difference = Difference.between(original, copy, Replica::followsFromOthers);
        if (difference.isEmpty()) {
          return copy;
        }
      } catch (RuntimeException e) {
        difference = Optional.of("copying its configuration ends in " + e);
      }
      lost = lost == null ? difference.get() : lost; // by the usual way
    }
    throw new UncopyableNetworkException(lost);
  }

  private static boolean followsFromOthers(Class<?> of, Field field) {
    return FOLLOWING.contains(field.getDeclaringClass().getSimpleName() + "." + field.getName())
        || FOLLOWING.contains(of.getSimpleName() + "." + field.getName());
  }

  private static MultiLayerConfiguration throughText(MultiLayerConfiguration original) {
    MultiLayerConfiguration copy = MultiLayerConfiguration.fromJson(original.toJson());
    copy.setIterationCount(original.getIterationCount());
    copy.setEpochCount(original.getEpochCount());
    return copy;
  }

  private static ComputationGraphConfiguration throughText(ComputationGraphConfiguration original) {
    ComputationGraphConfiguration copy = ComputationGraphConfiguration.fromJson(original.toJson());
    copy.setIterationCount(original.getIterationCount());
    copy.setEpochCount(original.getEpochCount());
    return copy;
  }

  /** A graph from a file may have an order of its own of vertices, and so of parameters. */
  private static ComputationGraphConfiguration inOrder(
      ComputationGraphConfiguration original, ComputationGraphConfiguration copy) {
    copy.setTopologicalOrder(original.getTopologicalOrder());
    copy.setTopologicalOrderStr(original.getTopologicalOrderStr());
    copy.setIterationCount(original.getIterationCount());
    copy.setEpochCount(original.getEpochCount());
    return copy;
  }

  // ---------------------------------------------------------------- networks

  private static MultiLayerNetwork rebuilt(
      MultiLayerNetwork original, MultiLayerConfiguration configuration, INDArray params) {
    // What a layer allocates while it is made must outlive any workspace that happens to be open.
    try (MemoryWorkspace ignored = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
      configuration.setDataType(params.dataType());
      configuration.getConfs().forEach(conf -> giveOwnUpdaters(conf.getLayer()));
      MultiLayerNetwork rebuilt = new MultiLayerNetwork(configuration);
      Networks.initialise(rebuilt, params);
      rebuilt.setScore(Double.NaN); // it has trained on nothing: 0 would look like a perfect loss
      requireSameArrays(original, rebuilt);
      return rebuilt;
    }
  }

  private static ComputationGraph rebuilt(
      ComputationGraph original, ComputationGraphConfiguration configuration, INDArray params) {
    try (MemoryWorkspace ignored = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
      configuration.setDataType(params.dataType());
      for (GraphVertex vertex : configuration.getVertices().values()) {
        if (vertex instanceof LayerVertex layer) {
          giveOwnUpdaters(layer.getLayerConf().getLayer());
        }
      }
      ComputationGraph rebuilt = new ComputationGraph(configuration);
      Networks.initialise(rebuilt, params);
      rebuilt.setScore(Double.NaN); // it has trained on nothing: 0 would look like a perfect loss
      requireSameArrays(original, rebuilt);
      return rebuilt;
    }
  }

  /**
   * Clones of a layer share its updaters, into which {@code setLearningRate} writes: that of one
   * network would be that of the other.
   */
  private static void giveOwnUpdaters(Layer layer) {
    if (layer instanceof BaseLayer base) { // it reaches no other
      base.setIUpdater(clone(base.getIUpdater()));
      base.setBiasUpdater(clone(base.getBiasUpdater()));
    }
  }

  private static IUpdater clone(IUpdater updater) {
    return updater == null ? null : updater.clone();
  }

  /** Word for word the same memory, so that no value comes to another place. */
  private static void requireSameArrays(Model original, Model rebuilt) {
    Map<String, INDArray> expected = original.paramTable();
    Map<String, INDArray> found = rebuilt.paramTable();
    long start = original.params().offset();
    long startOfRebuilt = rebuilt.params().offset();
    expected.forEach(
        (name, array) -> {
          INDArray other = found.get(name);
          if (other == null
              || array.offset() - start != other.offset() - startOfRebuilt
              || !layout(array).equals(layout(other))) {
            throw new UncopyableNetworkException(
                "its parameter '%s' is %s here, but a rebuilt network has %s, and so other values in each place"
                    .formatted(name, described(array), described(other)));
          }
        });
  }

  /** Lengths and strides of the axes along which there is more than one element. */
  private static String layout(INDArray array) {
    StringBuilder layout = new StringBuilder();
    for (int axis = 0; axis < array.rank(); axis++) {
      if (array.size(axis) > 1) {
        layout.append(array.size(axis)).append(" by ").append(array.stride(axis)).append(", ");
      }
    }
    return layout.toString();
  }

  private static String described(INDArray array) {
    return array == null
        ? "none"
        : "%s in '%s' order".formatted(Arrays.toString(array.shape()), array.ordering());
  }
}
