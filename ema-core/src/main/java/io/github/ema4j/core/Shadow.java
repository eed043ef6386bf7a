// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The averaged values, wherever they lie, and what happens to them. A {@link ParameterAverage}
 * keeps the counts and asks nothing of it while swapped but {@link #swapOut}.
 */
interface Shadow {

  DataType type();

  /** Copies all parameters; returns false, and leaves it at that, if they are not all finite. */
  boolean set(INDArray params);

  /**
   * Copies values of the shadow's own type; returns false if they are not all finite.
   *
   * @param variances those that the log10 deviations among the values stand for
   */
  boolean restore(INDArray values, double[] variances);

  /**
   * Moves towards the parameters.
   *
   * @param decay 0 copies
   * @param allOrNothing changes nothing unless all parameters are finite, rather than leaving out
   *     those that are not
   * @return whether all parameters covered were finite
   */
  boolean moveTowards(INDArray params, double decay, boolean allOrNothing);

  /** Whether {@link #moveTowards} may be called on any thread, while others use ND4J. */
  boolean movesOnAnyThread();

  /** Takes over the elements that updates leave out. */
  void refreshLeftOut(INDArray params);

  /** The averaged values, once every update is complete. */
  INDArray values();

  /** A copy of the averaged variances that the shadow holds as log10 deviations. */
  double[] variances();

  /** Puts the averaged values into the parameters, for good. */
  void copyTo(INDArray params);

  /** Puts the averaged values into the parameters, and keeps what was there. */
  void swapIn(INDArray params);

  /** Puts back what {@link #swapIn} kept, bit for bit. */
  void swapOut(INDArray params);
}
