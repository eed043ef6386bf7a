// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.ema4j.testing.Bits;
import io.github.ema4j.testing.EmaOracle;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * An {@link EmaOracle} of a network. Registered after a ModelEmaListener of the same decay it
 * demands after each update that both have the same bits.
 */
final class EmaByHand extends BaseTrainingListener {

  private final ModelEmaListener ema;
  private final EmaOracle oracle;

  EmaByHand(ModelEmaListener ema, double decay, INDArray start) {
    this.ema = ema;
    oracle = new EmaOracle(step -> decay, start);
  }

  void add(INDArray params) {
    oracle.update(params);
  }

  int updates() {
    return oracle.updates();
  }

  Bits bits() {
    return oracle.bits();
  }

  @Override
  public void iterationDone(Model network, int iteration, int epoch) {
    add(network.params());
    assertEquals(bits(), Bits.of(ema.shadow()), "after update " + updates());
  }
}
