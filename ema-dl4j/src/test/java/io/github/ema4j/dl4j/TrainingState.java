// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import io.github.ema4j.testing.Bits;
import io.github.ema4j.testing.dl4j.Models;
import org.deeplearning4j.nn.api.Model;

/** All of a network that its further training depends on, and its score. */
record TrainingState(Bits params, Bits updater, int iteration, int epoch, double score) {

  static TrainingState of(Model network) {
    return new TrainingState(
        Bits.of(network.params()),
        Bits.of(Models.updaterState(network)),
        Models.iterations(network),
        Models.epochs(network),
        network.score());
  }

  /** Without the score, which a forward pass changes. */
  TrainingState unscored() {
    return new TrainingState(params, updater, iteration, epoch, 0);
  }
}
