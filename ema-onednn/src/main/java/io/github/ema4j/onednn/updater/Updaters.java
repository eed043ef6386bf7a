// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.onednn.updater;

import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.api.Updater;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.updater.BaseMultiLayerUpdater;
import org.deeplearning4j.nn.updater.MultiLayerUpdater;
import org.deeplearning4j.nn.updater.graph.ComputationGraphUpdater;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Puts updaters into networks. */
public final class Updaters {

  private Updaters() {}

  /**
   * Replaces the updater of a network, which keeps its state, or makes the one that its first step
   * would make.
   *
   * @param network initialised, with parameters
   * @return whether it was not replaced before
   */
  public static boolean replace(Model network) {
    try (MemoryWorkspace ignored = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
      return network instanceof ComputationGraph graph
          ? replace(graph)
          : replace((MultiLayerNetwork) network);
    }
  }

  private static boolean replace(MultiLayerNetwork network) {
    Updater updater = network.getUpdater(false);
    if (updater != null && updater.getClass() != MultiLayerUpdater.class) {
      return false;
    }
    network.setUpdater(new LeanMultiLayerUpdater(network, state(updater)));
    return true;
  }

  private static boolean replace(ComputationGraph network) {
    ComputationGraphUpdater updater = network.getUpdater(false);
    if (updater != null && updater.getClass() != ComputationGraphUpdater.class) {
      return false;
    }
    network.setUpdater(
        new LeanGraphUpdater(network, updater == null ? null : updater.getStateViewArray()));
    return true;
  }

  private static INDArray state(Updater updater) {
    return updater == null ? null : updater.getStateViewArray();
  }

  static boolean haveEqualState(BaseMultiLayerUpdater<?> one, BaseMultiLayerUpdater<?> other) {
    INDArray state = one.getStateViewArray();
    return state == null
        ? other.getStateViewArray() == null
        : state.equals(other.getStateViewArray());
  }
}
