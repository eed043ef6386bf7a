// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.schedule;

import java.util.Objects;

record CopyFirst(long updates, DecaySchedule then) implements DecaySchedule {

  /** Characters of the textual form without that of {@code then}, at most. */
  private static final int WITHOUT_THEN = 50;

  CopyFirst {
    Arguments.atLeast(updates, 0, "updates");
    Objects.requireNonNull(then, "then");
    if (then instanceof CopyFirst
        && then.spec().length() > ScheduleSpec.MOST_CHARACTERS - WITHOUT_THEN) {
      throw new IllegalArgumentException(
          "copyFirst is nested so deep that it could not be read from a checkpoint: what copies"
              + " first the most updates is enough");
    }
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
