// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.record;

import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * What there is to know of a run beside its epochs.
 *
 * @param guessing what the network has to be better than
 * @param divergence how the raw weights have diverged; empty if they have not
 * @param unreadable files of images that were left out
 */
public record RunFindings(Guessing guessing, Optional<String> divergence, List<String> unreadable) {

  /** Copies the list. */
  public RunFindings {
    Objects.requireNonNull(guessing, "guessing");
    Objects.requireNonNull(divergence, "divergence");
    unreadable = List.copyOf(unreadable);
  }
}
