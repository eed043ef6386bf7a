// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.onednn.internal.updater;

import java.util.List;
import org.deeplearning4j.nn.api.Trainable;
import org.deeplearning4j.nn.conf.GradientNormalization;
import org.deeplearning4j.nn.updater.UpdaterBlock;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What an updater does at every step, on parts of the flat vectors of parameters and gradients that
 * are cut once. Its results are those of Deeplearning4j's own, bit for bit.
 */
final class FlatUpdate {

  private final INDArray params;
  private final INDArray gradients;
  private final List<BlockUpdate> blocks;

  FlatUpdate(List<UpdaterBlock> blocks, INDArray params, INDArray gradients) {
    this.params = params.reshape(params.length());
    this.gradients = gradients;
    this.blocks =
        blocks.stream()
            .filter(block -> !block.isPretrainUpdaterBlock())
            .map(block -> new BlockUpdate(block, this.params))
            .toList();
  }

  /**
   * Whether gradients are those that this was made for. Deeplearning4j compares objects, but asks
   * for a reshaped vector, which is another object each time: it takes every gradient for that of
   * another network, and cuts all parts anew, twice a step.
   *
   * @param layers whose gradients must not be clipped or normalised, which is left to
   *     Deeplearning4j
   */
  boolean canTake(INDArray params, INDArray gradients, Trainable[] layers) {
    if (!isSame(this.params, params) || !isSame(this.gradients, gradients)) {
      return false;
    }
    for (Trainable layer : layers) {
      if (normalizes(layer)) {
        return false;
      }
    }
    return true;
  }

  private static boolean isSame(INDArray one, INDArray other) {
    return one.length() == other.length()
        && one.offset() == other.offset()
        && one.data().address() == other.data().address();
  }

  private static boolean normalizes(Trainable layer) {
    if (layer.getConfig() == null || layer.numParams() == 0) {
      return false;
    }
    GradientNormalization normalization = layer.getConfig().getGradientNormalization();
    return normalization != null && normalization != GradientNormalization.None;
  }

  /**
   * Turns gradients into updates.
   *
   * @param batchSize by which most gradients are divided first
   */
  void apply(int iteration, int epoch, int batchSize, LayerWorkspaceMgr workspaces) {
    try (MemoryWorkspace ignored = workspaces.notifyScopeEntered(ArrayType.UPDATER_WORKING_MEM)) {
      for (BlockUpdate block : blocks) {
        block.apply(iteration, epoch, batchSize);
      }
    }
  }
}
