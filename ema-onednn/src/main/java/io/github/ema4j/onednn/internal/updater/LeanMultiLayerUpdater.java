// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.onednn.internal.updater;

import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.updater.MultiLayerUpdater;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The updater of a MultiLayerNetwork. */
final class LeanMultiLayerUpdater extends MultiLayerUpdater {

  private final FlatUpdate update;

  LeanMultiLayerUpdater(MultiLayerNetwork network, INDArray state) {
    super(network, state);
    update = new FlatUpdate(getUpdaterBlocks(), network.params(), getFlattenedGradientsView());
  }

  @Override
  public synchronized void update(
      Gradient gradient, int iteration, int epoch, int batchSize, LayerWorkspaceMgr workspaces) {
    if (update.canTake(getParams(), gradient.gradient(), getOrderedLayers())) {
      update.apply(iteration, epoch, isMiniBatch() ? batchSize : 1, workspaces);
    } else {
      super.update(gradient, iteration, epoch, batchSize, workspaces);
    }
  }

  /** By the state alone, whoever computes it: networks compare their updaters. */
  @Override
  public boolean equals(Object other) {
    return other instanceof MultiLayerUpdater that && Updaters.haveEqualState(this, that);
  }

  @Override
  public int hashCode() {
    return super.hashCode();
  }
}
