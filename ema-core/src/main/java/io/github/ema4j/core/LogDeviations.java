// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core;

import io.github.ema4j.core.internal.kernel.Chunks;

/**
 * The averages of those elements that hold a variance as the log10 of the standard deviation: here
 * the variances are averaged, in double, and the shadow receives the logarithms of their averages.
 *
 * <p>The variances are kept beside the shadow, since a FLOAT logarithm of them would lose what a
 * small update adds. An average that does not change keeps its logarithm bit for bit.
 */
final class LogDeviations {

  private final Chunks chunks;
  private final double[] variances;
  private final double[] logs; // what the shadow holds
  private final double[] params; // what the parameters hold
  private final double[] next;

  /** Undefined until {@link #copy} or {@link #restore}. */
  LogDeviations(Ranges ranges) {
    chunks = ranges.chunks();
    int count = Math.toIntExact(ranges.count());
    variances = new double[count];
    logs = new double[count];
    params = new double[count];
    next = new double[count];
  }

  /** Where in the vector they are. */
  Chunks chunks() {
    return chunks;
  }

  boolean isEmpty() {
    return params.length == 0;
  }

  /** To be filled with the parameters' log10 deviations before {@link #copy} and {@link #move}. */
  double[] params() {
    return params;
  }

  /** To be filled with the shadow's log10 deviations before {@link #restore}; then what it has. */
  double[] logs() {
    return logs;
  }

  /** A copy of the averaged variances. */
  double[] variances() {
    return variances.clone();
  }

  /** Takes over averaged variances, which belong to the {@link #logs}. */
  void restore(double[] averaged) {
    System.arraycopy(averaged, 0, variances, 0, variances.length);
  }

  /** Begins at the parameters. */
  void copy() {
    for (int i = 0; i < params.length; i++) {
      copy(i);
    }
  }

  private void copy(int i) {
    logs[i] = params[i];
    variances[i] = Variances.ofLog10Deviation(params[i]);
  }

  /**
   * Moves the variances towards those of the parameters; those that are not finite keep theirs.
   *
   * @param decay in [0, 1]; 0 copies, 1 changes nothing
   * @return whether all parameters were finite
   */
  boolean move(double decay) {
    double weight = 1 - decay;
    boolean finite = true;
    // Two loops: where one calls exp and log10 in turn, HotSpot's code is several times slower.
    for (int i = 0; i < params.length; i++) {
      double v = variances[i];
      double p = Variances.ofLog10Deviation(params[i]);
      next[i] = weight < 0.5 ? v - weight * (v - p) : p - decay * (p - v);
    }
    for (int i = 0; i < params.length; i++) {
      if (!Double.isFinite(params[i])) {
        finite = false;
      } else if (decay == 0) {
        copy(i);
      } else if (next[i] != variances[i] && decay < 1) {
        variances[i] = next[i];
        logs[i] = Variances.toLog10Deviation(next[i]);
      }
    }
    return finite;
  }
}
