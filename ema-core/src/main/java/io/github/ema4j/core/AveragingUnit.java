// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core;

import java.util.Locale;

/** What the decays, windows, half-lives and starts of an average are in, and all of its counts. */
public enum AveragingUnit {
  /** Optimizer steps. */
  STEPS,
  /**
   * Training examples: an update after k examples has the decays of all of them, {@code decay^k}
   * for a constant one. So the average reaches back over as many examples whatever the size of the
   * batches, and a last batch that is smaller weighs less.
   */
  EXAMPLES;

  /**
   * One of them.
   *
   * @return {@code step} or {@code example}
   */
  public String singular() {
    String plural = toString();
    return plural.substring(0, plural.length() - 1);
  }

  /** Several of them: {@code steps} or {@code examples}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
