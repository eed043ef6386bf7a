// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.onednn.updater;

import java.util.Arrays;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.updater.MultiLayerUpdater;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The updater of a MultiLayerNetwork. */
final class LeanMultiLayerUpdater extends MultiLayerUpdater {

  private final Steps steps;

  LeanMultiLayerUpdater(MultiLayerNetwork network, INDArray state) {
    super(network, state);
    steps = new Steps(getUpdaterBlocks());
  }

  @Override
  public synchronized void update(
      Gradient gradient, int iteration, int epoch, int batchSize, LayerWorkspaceMgr workspaces) {
    boolean own = Steps.isSame(gradient.gradient(), getFlattenedGradientsView());
    if (!own || Arrays.stream(getOrderedLayers()).anyMatch(Steps::normalizes)) {
      super.update(gradient, iteration, epoch, batchSize, workspaces);
      return;
    }
    if (isMiniBatch()) {
      divideByMinibatch(false, gradient, batchSize);
    }
    steps.apply(iteration, epoch, workspaces);
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
