// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.experiments.atsize;

import java.util.Locale;

/** The labels that are trained on; those that are tested on are right. */
enum Labels {
  CLEAN(0),
  /** The share that would remain of a hasty annotation. */
  NOISY(0.3);

  private final double wrong;

  Labels(double wrong) {
    this.wrong = wrong;
  }

  /** Share of the training labels that are wrong, 0 to 1. */
  double wrong() {
    return wrong;
  }

  /** As typed on the command line and written to files. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
