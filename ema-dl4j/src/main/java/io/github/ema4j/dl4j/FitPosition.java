// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import io.github.ema4j.dl4j.internal.Networks;
import org.deeplearning4j.nn.api.Model;

/**
 * Where in Deeplearning4j's training loop a network is, as far as the callbacks tell.
 *
 * <table>
 * <caption>One step of {@code fit}, in the order of the calls</caption>
 * <tr><th>callback</th><th>parameters</th><th>counters</th></tr>
 * <tr><td>onEpochStart (fits of an iterator)</td><td>before the step</td><td>right</td></tr>
 * <tr><td>onGradientCalculation (every fit; with a line search once more, after the step)</td>
 *     <td>before the step</td><td>right</td></tr>
 * <tr><td>iterationDone</td><td>after it, constraints not applied</td>
 *     <td>iteration one behind</td></tr>
 * <tr><td>onEpochEnd (fits of an iterator)</td><td>after it</td><td>epoch one behind</td></tr>
 * </table>
 */
final class FitPosition {

  private enum Last {
    NOTHING,
    GRADIENT,
    ITERATION_DONE,
    EPOCH_END
  }

  private Last last = Last.NOTHING;

  /** The counter that goes with {@link #last}: once the network's own is past it, so is the fit. */
  private int at;

  /** Forgets the last callback: an epoch starts, or the average is not moved by {@code fit}. */
  void reset() {
    last = Last.NOTHING;
  }

  /**
   * Notes that a gradient is known. Returns whether the parameters are those before a step. With a
   * line search a second call comes in the middle of it; without, it follows a step that failed.
   */
  boolean gradientIsKnown(boolean searchesAlongLine) {
    boolean beforeStep = last != Last.GRADIENT || !searchesAlongLine;
    last = Last.GRADIENT;
    return beforeStep;
  }

  void iterationDone(int iteration) {
    last = Last.ITERATION_DONE;
    at = iteration;
  }

  void epochEnds(int epoch) {
    last = Last.EPOCH_END;
    at = epoch;
  }

  /** Whether the last callback is of the step, or the epoch, that the network is at the end of. */
  boolean isInFit(Model network) {
    return moment(Networks.iterationCount(network), Networks.epochCount(network))
        != Moment.BETWEEN_FITS;
  }

  /** The moment, given the network's counters now. */
  Moment moment(int iterations, int epochs) {
    return switch (last) {
      case GRADIENT -> Moment.UPDATING;
      case ITERATION_DONE -> at == iterations ? Moment.ITERATION_DONE : Moment.BETWEEN_FITS;
      case EPOCH_END -> at == epochs ? Moment.EPOCH_END : Moment.BETWEEN_FITS;
      case NOTHING -> Moment.BETWEEN_FITS;
    };
  }
}
