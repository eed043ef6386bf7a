// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.internal;

import java.util.Collection;
import java.util.List;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.api.OptimizationAlgorithm;
import org.deeplearning4j.nn.api.layers.LayerConstraint;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.recurrent.Bidirectional;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * What {@link MultiLayerNetwork} and {@link ComputationGraph} have in common but no interface of
 * Deeplearning4j names: the only place that tells the two apart.
 */
public final class Networks {

  private Networks() {}

  /**
   * Whether a model is a whole network rather than a layer of one, as Deeplearning4j passes to
   * listeners while it pretrains layers.
   *
   * @param model any model
   * @return true for the two network classes and their subclasses
   */
  public static boolean isNetwork(Model model) {
    return model instanceof MultiLayerNetwork || model instanceof ComputationGraph;
  }

  /**
   * Which of the two classes of network a network is of, itself or by inheritance.
   *
   * @param network a network
   * @return {@code MultiLayerNetwork.class} or {@code ComputationGraph.class}
   */
  public static Class<? extends Model> type(Model network) {
    return network instanceof MultiLayerNetwork ? MultiLayerNetwork.class : ComputationGraph.class;
  }

  /**
   * The parameters of a network: all weights, biases and batch-norm statistics in one dense vector,
   * which is the network's own memory.
   *
   * @param network an initialised network
   * @return the vector, not a copy
   * @throws IllegalArgumentException if the network is of another class
   * @throws IllegalStateException if it is not initialised or has no parameters
   */
  public static INDArray params(Model network) {
    if (!isNetwork(network)) {
      throw new IllegalArgumentException(
          "Expected a MultiLayerNetwork or ComputationGraph, but was "
              + (network == null ? "null" : network.getClass().getName()));
    }
    INDArray params = network.params();
    if (params == null || params.isEmpty() || params.length() == 0) {
      throw new IllegalStateException(
          network.getClass().getSimpleName() + " has no parameters yet: call init() on it first");
    }
    return params;
  }

  /**
   * Gives a new network its parameters, with the values that they have. Deeplearning4j's own {@code
   * init(params, false)} leaves them alone but for one: an OCNNOutputLayer writes its initial
   * {@code r} over the one that was learnt.
   *
   * @param network not initialised yet
   * @param params become the network's own memory
   */
  public static void initialise(Model network, INDArray params) {
    try (INDArray values = params.dup()) {
      if (network instanceof MultiLayerNetwork mln) {
        mln.init(params, false);
      } else {
        ((ComputationGraph) network).init(params, false);
      }
      params.assign(values);
    }
  }

  /**
   * An independent network with the given values as its parameters, in the data type of the network
   * it is modelled on, with its iteration and epoch counts.
   *
   * @param network gives configuration and counts
   * @param values as many values as the network has parameters; copied
   * @param <M> the class of network
   * @return the new network, without listeners
   * @throws UncopyableNetworkException if it would be another network
   */
  public static <M extends Model> M copy(M network, INDArray values) {
    requireNoSubclass(network);
    INDArray params;
    try (MemoryWorkspace ignored = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
      INDArray live = params(network);
      params = Nd4j.createUninitialized(live.dataType(), live.shape(), live.ordering());
      params.assign(values.reshape(params.shape()));
    }
    M copy = Replica.over(network, params);
    if (copy instanceof MultiLayerNetwork mln) {
      mln.setIterationCount(iterationCount(network));
      mln.setEpochCount(epochCount(network));
    } else if (copy instanceof ComputationGraph graph) {
      graph.getConfiguration().setIterationCount(iterationCount(network));
      graph.getConfiguration().setEpochCount(epochCount(network));
    }
    return copy;
  }

  /**
   * Refuses a network of a user's own class where one of the same class has to be made.
   *
   * @param network a network
   * @throws UncopyableNetworkException if it is of a subclass of Deeplearning4j's two
   */
  public static void requireNoSubclass(Model network) {
    if (network.getClass() != type(network)) {
      throw new UncopyableNetworkException(
          "it is a %s, and a copy would be a %s"
              .formatted(network.getClass().getName(), type(network).getSimpleName()));
    }
  }

  /**
   * The listeners registered with a network.
   *
   * @param network a network
   * @return its listeners; empty also where Deeplearning4j holds null
   */
  public static Collection<TrainingListener> listeners(Model network) {
    Collection<TrainingListener> listeners =
        network instanceof MultiLayerNetwork mln
            ? mln.getListeners()
            : ((ComputationGraph) network).getListeners();
    return listeners == null ? List.of() : listeners;
  }

  /**
   * Whether any layer has constraints, which Deeplearning4j applies after each update, and after
   * its listeners.
   *
   * @param network an initialised network
   * @return true if one layer or more is constrained
   */
  public static boolean hasConstraints(Model network) {
    org.deeplearning4j.nn.api.Layer[] layers =
        network instanceof MultiLayerNetwork mln
            ? mln.getLayers()
            : ((ComputationGraph) network).getLayers();
    for (org.deeplearning4j.nn.api.Layer layer : layers) {
      if (isConstrained(layer.conf().getLayer())) {
        return true;
      }
    }
    return false;
  }

  private static boolean isConstrained(Layer layer) {
    if (layer instanceof org.deeplearning4j.nn.conf.layers.wrapper.BaseWrapperLayer wrapper) {
      return isConstrained(wrapper.getUnderlying());
    }
    if (layer instanceof Bidirectional both) {
      return isConstrained(both.getFwd()) || isConstrained(both.getBwd());
    }
    List<LayerConstraint> constraints = layer.getConstraints();
    return constraints != null && !constraints.isEmpty();
  }

  /**
   * Whether a network is trained by truncated backpropagation through time, with several updates
   * for one minibatch of sequences.
   *
   * @param network a network
   * @return true if so configured
   */
  public static boolean isTruncatedInTime(Model network) {
    BackpropType type =
        network instanceof MultiLayerNetwork mln
            ? mln.getLayerWiseConfigurations().getBackpropType()
            : ((ComputationGraph) network).getConfiguration().getBackpropType();
    return type == BackpropType.TruncatedBPTT;
  }

  /**
   * Whether a network is trained by a line search (LBFGS, conjugate gradient), which calculates
   * several gradients per update.
   *
   * @param network a network
   * @return false for stochastic gradient descent with any updater
   */
  public static boolean searchesAlongLine(Model network) {
    return optimizationAlgorithm(network) != OptimizationAlgorithm.STOCHASTIC_GRADIENT_DESCENT;
  }

  /**
   * How a network is trained.
   *
   * @param network a network
   * @return its algorithm
   */
  public static OptimizationAlgorithm optimizationAlgorithm(Model network) {
    NeuralNetConfiguration configuration =
        network instanceof MultiLayerNetwork mln
            ? mln.getDefaultConfiguration()
            : ((ComputationGraph) network).getConfiguration().getDefaultConfiguration();
    return configuration.getOptimizationAlgo();
  }

  /**
   * The number of iterations a network has made.
   *
   * @param network a network
   * @return iterations, from 0
   */
  public static int iterationCount(Model network) {
    return network instanceof MultiLayerNetwork mln
        ? mln.getIterationCount()
        : ((ComputationGraph) network).getConfiguration().getIterationCount();
  }

  /**
   * The number of epochs a network has completed.
   *
   * @param network a network
   * @return epochs, from 0
   */
  public static int epochCount(Model network) {
    return network instanceof MultiLayerNetwork mln
        ? mln.getEpochCount()
        : ((ComputationGraph) network).getConfiguration().getEpochCount();
  }
}
