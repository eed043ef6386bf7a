// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.onednn.internal.updater;

import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.updater.BaseMultiLayerUpdater;
import org.deeplearning4j.nn.updater.MultiLayerUpdater;
import org.deeplearning4j.nn.updater.graph.ComputationGraphUpdater;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Puts updaters into networks. */
public final class Updaters {

  private Updaters() {}

  /**
   * Whether a network's updater can be replaced.
   *
   * @param network initialised
   * @return false if it was replaced already, is of a class of somebody else's, or the network has
   *     no parameters of data type FLOAT
   */
  public static boolean canReplace(Model network) {
    INDArray params = network.params();
    if (params == null || params.isEmpty() || params.dataType() != DataType.FLOAT) {
      return false;
    }
    Object updater = updater(network);
    return updater == null
        || updater.getClass() == MultiLayerUpdater.class
        || updater.getClass() == ComputationGraphUpdater.class;
  }

  /**
   * Replaces the updater of a network by one that takes over its state, or makes the one that the
   * network's first step would make.
   *
   * @param network whose updater {@linkplain #canReplace can be replaced}
   */
  public static void replace(Model network) {
    // What an updater allocates must outlive any workspace that happens to be open.
    try (MemoryWorkspace ignored = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
      BaseMultiLayerUpdater<?> updater = (BaseMultiLayerUpdater<?>) updater(network);
      INDArray state = updater == null ? null : updater.getStateViewArray();
      if (network instanceof ComputationGraph graph) {
        graph.setUpdater(new LeanGraphUpdater(graph, state));
      } else {
        MultiLayerNetwork layers = (MultiLayerNetwork) network;
        layers.setUpdater(new LeanMultiLayerUpdater(layers, state));
      }
    }
  }

  private static Object updater(Model network) {
    return network instanceof ComputationGraph graph
        ? graph.getUpdater(false)
        : ((MultiLayerNetwork) network).getUpdater(false);
  }

  static boolean haveEqualState(BaseMultiLayerUpdater<?> one, BaseMultiLayerUpdater<?> other) {
    INDArray state = one.getStateViewArray();
    return state == null
        ? other.getStateViewArray() == null
        : state.equals(other.getStateViewArray());
  }
}
