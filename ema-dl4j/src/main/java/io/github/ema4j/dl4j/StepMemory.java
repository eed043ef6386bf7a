// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import java.util.List;
import java.util.Optional;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.updater.BaseMultiLayerUpdater;
import org.deeplearning4j.nn.updater.UpdaterBlock;

/**
 * What a network remembers from step to step beside its weights: its updater's state, such as the
 * moments of Adam, and the state of recurrent layers. Once a step was not finite, it is not either.
 */
final class StepMemory {

  private StepMemory() {}

  /** Puts a network's memory into the state that it had before the first step. */
  static void clear(Model network) {
    blocks(network).forEach(StepMemory::clear);
    if (network instanceof MultiLayerNetwork mln) {
      mln.rnnClearPreviousState();
    } else {
      ((ComputationGraph) network).rnnClearPreviousState();
    }
  }

  private static List<UpdaterBlock> blocks(Model network) {
    Object updater =
        network instanceof MultiLayerNetwork mln
            ? mln.getUpdater(false)
            : ((ComputationGraph) network).getUpdater(false);
    return Optional.ofNullable(updater)
        .filter(BaseMultiLayerUpdater.class::isInstance)
        .map(known -> ((BaseMultiLayerUpdater<?>) known).getUpdaterBlocks())
        .orElse(List.of());
  }

  /**
   * An updater that begins on a vector of state writes its first values there, which are not 0 for
   * all of them. It is not kept: the block has one on the same vector.
   */
  private static void clear(UpdaterBlock block) {
    if (block.getUpdaterView() != null) {
      block.getGradientUpdater().getConfig().instantiate(block.getUpdaterView(), true);
    }
  }
}
