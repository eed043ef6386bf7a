// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.internal;

import io.github.ema4j.core.ParameterAverage;
import io.github.ema4j.core.Swap;
import java.lang.ref.WeakReference;
import org.deeplearning4j.nn.api.Model;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Which networks have averaged weights in them just now. Averages do not know of each other: the
 * notes are the one thing that all averages of a network share.
 *
 * <p>A note stands for an open {@link Swap} and goes with it, or with the network. It holds the
 * average, whose shadow has the raw weights meanwhile.
 */
public final class SwappedNetworks {

  private static final NetworkNotes<ParameterAverage> SWAPPED = new NetworkNotes<>();

  private SwappedNetworks() {}

  /**
   * Whether averaged weights stand in a network, of whatever average.
   *
   * @param network any
   * @return true while a swap is open
   */
  public static boolean contains(Model network) {
    return SWAPPED.contains(network);
  }

  /**
   * Puts averaged weights into a network that has none in it.
   *
   * @param network whose parameters they are
   * @param average gives the weights, and holds the raw ones meanwhile
   * @param params the parameters of the network
   * @return puts the raw weights back when closed
   * @throws IllegalStateException if averaged weights are in it already
   */
  public static Swap swap(Model network, ParameterAverage average, INDArray params) {
    if (!SWAPPED.add(network, average)) {
      throw new IllegalStateException(
          "Averaged weights are swapped into the network already: close that Swap first");
    }
    // The average knows its open swap: a note must not keep its own network in memory by it.
    WeakReference<Model> noted = new WeakReference<>(network);
    try {
      return average.swap(params).whenClosed(() -> SWAPPED.delete(noted.get()));
    } catch (RuntimeException e) {
      SWAPPED.delete(network);
      throw e;
    }
  }
}
