// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.ema4j.core.Ranges;
import io.github.ema4j.testing.Bits;
import io.github.ema4j.testing.EmaOracle;
import java.util.stream.IntStream;
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
  private final float[] start;
  private EmaOracle oracle; // null until the first update, when the listener has its network

  EmaByHand(ModelEmaListener ema, double decay, INDArray start) {
    this.ema = ema;
    this.decay = decay;
    this.start = EmaOracle.floats(start);
  }

  /** Goes on with the average as it is. */
  static EmaByHand of(ModelEmaListener ema, double decay) {
    EmaByHand byHand = new EmaByHand(ema, decay, ema.shadow());
    byHand.oracle =
        new EmaOracle(step -> decay, byHand.start, byHand.logs(), ema.average().variances());
    return byHand;
  }

  void add(INDArray params) {
    if (oracle == null) {
      oracle = new EmaOracle(step -> decay, start, logs());
    }
    oracle.update(params);
  }

  private int[] logs() {
    Ranges logs = ema.average().coverage().log10Deviations();
    return IntStream.range(0, logs.size())
        .flatMap(range -> IntStream.range((int) logs.from(range), (int) logs.to(range)))
        .toArray();
  }

  int updates() {
    return oracle.updates();
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
