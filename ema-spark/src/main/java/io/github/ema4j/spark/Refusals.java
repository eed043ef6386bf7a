// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import io.github.ema4j.dl4j.NetworkParameter;
import io.github.ema4j.dl4j.internal.Networks;
import java.util.Collection;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.deeplearning4j.spark.api.TrainingMaster;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What cannot be averaged on Spark, and what to do instead: said before training starts. */
final class Refusals {

  private static final Logger log = LoggerFactory.getLogger(Refusals.class);

  // By name, as its module need not be on the class path.
  private static final String SHARED_TRAINING_MASTER =
      "org.deeplearning4j.spark.parameterserver.training.SharedTrainingMaster";
  private static final String EXPERIMENTAL = "io.github.ema4j.spark.EmaSharedTrainingMaster";

  private Refusals() {}

  /** Only a master of ours keeps an average. */
  static EmaTrainingMaster requireAveraging(TrainingMaster<?, ?> master) {
    if (master instanceof EmaTrainingMaster averaging) {
      return averaging;
    }
    if (isA(EXPERIMENTAL, master.getClass())) {
      throw new IllegalArgumentException(
          "EmaSharedTrainingMaster has no rounds that EmaSparkTraining could go on from: give it to"
              + " SparkDl4jMultiLayer or SparkComputationGraph, call fit there, and evaluate"
              + " master.ema().averagedNetwork(net)");
    }
    if (isA(SHARED_TRAINING_MASTER, master.getClass())) {
      throw new IllegalArgumentException(
          "SharedTrainingMaster has no weights to average: its workers exchange encoded gradients"
              + " without waiting for each other, updates that arrive between two fits are dropped,"
              + " and so the workers' weights differ from each other and from the driver's. Train"
              + " with EmaTrainingMaster.builder(new"
              + " ParameterAveragingTrainingMaster.Builder(...)). An average over the updates that"
              + " reach the driver can be had as an experiment, with"
              + " EmaSharedTrainingMaster.experimental(...)");
    }
    throw new IllegalArgumentException(
        "A %s keeps no average: give its builder to EmaTrainingMaster.builder(...) instead of calling build()"
            .formatted(master.getClass().getSimpleName()));
  }

  private static boolean isA(String name, Class<?> type) {
    for (Class<?> c = type; c != null; c = c.getSuperclass()) {
      if (c.getName().equals(name)) {
        return true;
      }
    }
    return false;
  }

  static void requireTrainable(Model network, boolean everyStep) {
    Collection<TrainingListener> listeners = Networks.listeners(network);
    requireNoAveraging(listeners, "the driver's network");
    if (!listeners.isEmpty()) {
      log.warn(
          "The network has {} listeners, which Spark never calls: give them to setListeners of"
              + " SparkDl4jMultiLayer or SparkComputationGraph, for the workers",
          listeners.size());
    }
    if (everyStep && Networks.isTruncatedInTime(network)) {
      throw new IllegalStateException(
          "averageEveryStep() sees the weights after every minibatch, but with truncated"
              + " backpropagation through time a minibatch is several steps: average once per"
              + " round");
    }
  }

  /** Listeners that average, evaluate or save averages are of no use on Spark. */
  static void requireNoAveraging(Collection<TrainingListener> listeners, String where) {
    for (TrainingListener listener : listeners) {
      if (listener.getClass().getName().startsWith("io.github.ema4j.dl4j.")) {
        throw new IllegalArgumentException(
            "A %s at %s would average nothing on Spark, which calls no listener of the driver's network, and those of workers with weights that nobody keeps. Remove it: the training master keeps the average, in master.ema()"
                .formatted(listener.getClass().getSimpleName(), where));
      }
    }
  }

  /**
   * Deeplearning4j sends a copy of the configuration that does not have the order of the vertices:
   * workers find an order by themselves. Where it is another, they would mistake one parameter for
   * another without noticing.
   */
  static void requireOrderOfWorkers(Model network) {
    if (network instanceof ComputationGraph graph) {
      ComputationGraph onWorker = new ComputationGraph(graph.getConfiguration().clone());
      Networks.initialise(onWorker, Networks.params(graph));
      if (!NetworkParameter.of(onWorker).equals(NetworkParameter.of(graph))) {
        throw new IllegalArgumentException(
            "This ComputationGraph has its vertices in the order %s, but Deeplearning4j's workers would have %s, and so mix up its parameters. Make a new graph from graph.getConfiguration().clone(), and set its parameters by name with setParam"
                .formatted(
                    graph.getConfiguration().getTopologicalOrderStr(),
                    onWorker.getConfiguration().getTopologicalOrderStr()));
      }
    }
  }

  /** Whether the updater remembers anything from step to step. */
  static boolean hasUpdaterState(Model network) {
    INDArray state =
        network instanceof MultiLayerNetwork mln
            ? mln.getUpdater().getStateViewArray()
            : ((ComputationGraph) network).getUpdater().getStateViewArray();
    return state != null && state.length() > 0;
  }
}
