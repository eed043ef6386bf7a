// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;

/** The averaged networks, for tests that run on both classes of network. */
final class Views {

  private Views() {}

  static Model network(ModelEmaListener ema, Model network) {
    return network instanceof MultiLayerNetwork mln
        ? ema.network(mln)
        : ema.network((ComputationGraph) network);
  }

  static Model networkView(ModelEmaListener ema, Model network) {
    return network instanceof MultiLayerNetwork mln
        ? ema.networkView(mln)
        : ema.networkView((ComputationGraph) network);
  }
}
