// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.samediff;

import io.github.ema4j.core.Swap;

/**
 * The time during which averaged values stand in the variables of a SameDiff. Made by {@link
 * SameDiffEmaListener#swap}; use it in a try-with-resources statement.
 */
public final class AveragedVariables implements AutoCloseable {

  private final Swap swap;
  private final VariableVector variables;
  private boolean open = true;

  AveragedVariables(Swap swap, VariableVector variables) {
    this.swap = swap;
    this.variables = variables;
  }

  /** Puts the raw values back into the variables. A second call does nothing. */
  @Override
  public void close() {
    if (open) {
      open = false;
      swap.close();
      variables.scatter();
    }
  }
}
