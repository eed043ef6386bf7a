// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.ema4j.core.kernel.Ranges;
import io.github.ema4j.testing.Bits;
import io.github.ema4j.testing.EmaOracle;
import java.util.BitSet;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * An {@link EmaOracle} of a network. Registered after a ModelEmaListener of the same decay it
 * demands after each update that both have the same bits.
 */
final class EmaByHand extends BaseTrainingListener {

  private final ModelEmaListener ema;
  private final double decay;
  private final INDArray start;
  // Made at the first update: only then the listener knows its network and what is a variance.
  private EmaOracle oracle;

  EmaByHand(ModelEmaListener ema, double decay, INDArray start) {
    this.ema = ema;
    this.decay = decay;
    this.start = start.dup();
  }

  void add(INDArray params) {
    if (oracle == null) {
      oracle = new EmaOracle(step -> decay, start, log10Deviations());
    }
    oracle.update(params);
  }

  private BitSet log10Deviations() {
    Ranges ranges = ema.average().coverage().log10Deviations();
    BitSet elements = new BitSet();
    for (int i = 0; i < ranges.size(); i++) {
      elements.set((int) ranges.from(i), (int) ranges.to(i));
    }
    return elements;
  }

  int updates() {
    return oracle == null ? 0 : oracle.updates();
  }

  Bits bits() {
    return oracle == null ? Bits.of(start) : oracle.bits();
  }

  @Override
  public void iterationDone(Model network, int iteration, int epoch) {
    add(network.params());
    assertEquals(bits(), Bits.of(ema.shadow()), "after update " + updates());
  }
}
