// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.onednn.updater;

import static org.nd4j.linalg.learning.regularization.Regularization.ApplyStep.BEFORE_UPDATER;
import static org.nd4j.linalg.learning.regularization.Regularization.ApplyStep.POST_UPDATER;

import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.api.Trainable;
import org.deeplearning4j.nn.conf.GradientNormalization;
import org.deeplearning4j.nn.updater.UpdaterBlock;
import org.deeplearning4j.nn.updater.UpdaterBlock.ParamState;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.GradientUpdater;
import org.nd4j.linalg.learning.NoOpUpdater;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.regularization.Regularization;
import org.nd4j.linalg.learning.regularization.Regularization.ApplyStep;

/**
 * What an updater does at every step, in the operations and the order of Deeplearning4j's own, on
 * parts of the vectors that are cut once: the results are the same bits.
 */
final class Steps {

  private final List<UpdaterBlock> blocks;

  Steps(List<UpdaterBlock> blocks) {
    this.blocks = new ArrayList<>(blocks);
  }

  /**
   * Whether two arrays are the same memory. Deeplearning4j compares objects, but asks for a
   * reshaped vector, which is another object each time: it takes every gradient for that of another
   * network, and cuts all parts anew.
   */
  static boolean isSame(INDArray one, INDArray other) {
    return one.length() == other.length()
        && one.offset() == other.offset()
        && one.data().address() == other.data().address();
  }

  /** Whether a layer's gradients are clipped or normalised, which is left to Deeplearning4j. */
  static boolean normalizes(Trainable layer) {
    if (layer.getConfig() == null || layer.numParams() == 0) {
      return false;
    }
    GradientNormalization normalization = layer.getConfig().getGradientNormalization();
    return normalization != null && normalization != GradientNormalization.None;
  }

  /** Turns gradients, which have been divided by the size of the batch, into updates. */
  void apply(int iteration, int epoch, LayerWorkspaceMgr workspaces) {
    for (UpdaterBlock block : blocks) {
      if (block.getGradientView() == null || block.isPretrainUpdaterBlock()) {
        continue;
      }
      try (MemoryWorkspace ignored = workspaces.notifyScopeEntered(ArrayType.UPDATER_WORKING_MEM)) {
        GradientUpdater<?> updater = block.getGradientUpdater();
        regularize(block, BEFORE_UPDATER, iteration, epoch);
        if (!(updater instanceof NoOpUpdater)) {
          updater.applyUpdater(block.getGradientView(), iteration, epoch);
        }
        regularize(block, POST_UPDATER, iteration, epoch);
      }
    }
  }

  private static void regularize(UpdaterBlock block, ApplyStep step, int iteration, int epoch) {
    for (ParamState part : block.getLayersAndVariablesInBlock()) {
      List<Regularization> all =
          part.getLayer().getConfig().getRegularizationByParam(part.getParamName());
      if (all != null) {
        for (Regularization one : all) {
          if (one.applyStep() == step) {
            INDArray gradient = part.getGradView();
            one.apply(
                part.getParamView(),
                gradient,
                learningRate(block, iteration, epoch),
                iteration,
                epoch);
          }
        }
      }
    }
  }

  private static double learningRate(UpdaterBlock block, int iteration, int epoch) {
    IUpdater config = block.getGradientUpdater().getConfig();
    return config.hasLearningRate() ? config.getLearningRate(iteration, epoch) : 1;
  }
}
