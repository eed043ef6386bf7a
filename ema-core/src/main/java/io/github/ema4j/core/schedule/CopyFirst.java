// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.schedule;

import java.util.Objects;

record CopyFirst(long updates, DecaySchedule then) implements DecaySchedule {

  CopyFirst {
    Arguments.atLeast(updates, 0, "updates");
    Objects.requireNonNull(then, "then");
  }

  @Override
  public double decayAt(long update) {
    return update <= updates ? 0 : then.decayAt(update);
  }

  @Override
  public double decayOver(long first, long last) {
    return first <= updates ? 0 : then.decayOver(first, last);
  }

  @Override
  public String spec() {
    return "copy-first(updates=%s, then=%s)".formatted(updates, then.spec());
  }
}
