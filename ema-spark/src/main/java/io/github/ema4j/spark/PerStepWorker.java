// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import io.github.ema4j.core.ParameterAverage;
import java.util.Collection;
import org.apache.spark.broadcast.Broadcast;
import org.deeplearning4j.core.storage.StatsStorageRouterProvider;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.deeplearning4j.spark.api.TrainingHook;
import org.deeplearning4j.spark.api.WorkerConfiguration;
import org.deeplearning4j.spark.api.worker.NetBroadcastTuple;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingResult;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingWorker;
import org.nd4j.linalg.dataset.api.DataSet;
import org.nd4j.linalg.dataset.api.MultiDataSet;

/**
 * Trains as Deeplearning4j's worker does, and after every minibatch moves a copy of the average,
 * which it returns with its result.
 */
final class PerStepWorker extends ParameterAveragingTrainingWorker {

  private final Broadcast<PerStepStart> start;

  private transient ParameterAverage average;

  PerStepWorker(
      Broadcast<NetBroadcastTuple> network,
      boolean saveUpdater,
      WorkerConfiguration configuration,
      Collection<TrainingHook> hooks,
      Collection<TrainingListener> listeners,
      StatsStorageRouterProvider router,
      Broadcast<PerStepStart> start) {
    super(network, saveUpdater, configuration, hooks, listeners, router);
    this.start = start;
  }

  @Override
  public MultiLayerNetwork getInitialModel() {
    MultiLayerNetwork network = super.getInitialModel();
    start(network);
    return network;
  }

  @Override
  public ComputationGraph getInitialModelGraph() {
    ComputationGraph network = super.getInitialModelGraph();
    start(network);
    return network;
  }

  private void start(Model network) {
    average = start.getValue().resume(network.params());
  }

  @Override
  public ParameterAveragingTrainingResult processMinibatch(
      DataSet data, MultiLayerNetwork network, boolean last) {
    super.processMinibatch(data, network, false);
    average.update(network.params());
    return last ? getFinalResult(network) : null;
  }

  @Override
  public ParameterAveragingTrainingResult processMinibatch(
      MultiDataSet data, ComputationGraph network, boolean last) {
    super.processMinibatch(data, network, false);
    average.update(network.params());
    return last ? getFinalResult(network) : null;
  }

  @Override
  public ParameterAveragingTrainingResult getFinalResult(MultiLayerNetwork network) {
    return new PerStepResult(super.getFinalResult(network), average);
  }

  @Override
  public ParameterAveragingTrainingResult getFinalResult(ComputationGraph network) {
    return new PerStepResult(super.getFinalResult(network), average);
  }
}
