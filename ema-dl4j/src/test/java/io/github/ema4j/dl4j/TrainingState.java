// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;

/** All of a network that its further training depends on, and its score. */
record TrainingState(Bits params, Bits updater, int iteration, int epoch, double score) {

  static TrainingState of(Model network) {
    if (network instanceof MultiLayerNetwork mln) {
      return new TrainingState(
          Bits.of(mln.params()),
          Bits.of(mln.getUpdater().getStateViewArray()),
          mln.getIterationCount(),
          mln.getEpochCount(),
          mln.score());
    }
    ComputationGraph graph = (ComputationGraph) network;
    return new TrainingState(
        Bits.of(graph.params()),
        Bits.of(graph.getUpdater().getStateViewArray()),
        graph.getConfiguration().getIterationCount(),
        graph.getConfiguration().getEpochCount(),
        graph.score());
  }

  /** Without the score, which a forward pass changes. */
  TrainingState unscored() {
    return new TrainingState(params, updater, iteration, epoch, 0);
  }
}
