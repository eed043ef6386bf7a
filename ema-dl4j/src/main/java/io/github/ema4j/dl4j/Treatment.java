// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

/** What an average does with a parameter. */
public enum Treatment {
  /** Averages it: the default for every parameter. */
  AVERAGE,
  /** Takes over its value at every update: the averaged network has it as it was then. */
  COPY,
  /**
   * Leaves it out: updates do not touch it, which costs nothing, and the averaged network has the
   * value that the network has when the average is read. Right for what does not change (frozen
   * layers).
   */
  EXCLUDE
}
