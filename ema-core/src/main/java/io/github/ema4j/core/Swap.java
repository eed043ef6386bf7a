// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core;

import java.util.Objects;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The time during which averaged values stand in the parameters. Made by {@link
 * ParameterAverage#swap}; use it in a try-with-resources statement:
 *
 * <pre>{@code
 * try (Swap swap = average.swap(params)) {
 *   // params are the averaged values here
 * }
 * }</pre>
 *
 * <p>Do not write to the parameters meanwhile.
 */
public final class Swap implements AutoCloseable {

  private final ParameterAverage average;
  private final Shadow shadow;
  private final INDArray params;
  private boolean open = true;
  private Runnable afterwards = () -> {};

  Swap(ParameterAverage average, Shadow shadow, INDArray params) {
    this.average = average;
    this.shadow = shadow;
    this.params = params;
    shadow.swapIn(params);
  }

  /**
   * Calls back once the raw values are back in the parameters: for who keeps a record of what
   * stands in them.
   *
   * @param action replaces the one given before
   * @return this
   */
  public Swap whenClosed(Runnable action) {
    afterwards = Objects.requireNonNull(action, "action");
    return this;
  }

  /** Puts the raw values back into the parameters. A second call does nothing. */
  @Override
  public void close() {
    synchronized (average) {
      if (!open) {
        return;
      }
      open = false;
      shadow.swapOut(params);
      average.ended(this);
    }
    afterwards.run();
  }
}
