// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.record;

import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** Times as people write them. */
final class Times {
  private static final DateTimeFormatter DATE =
      DateTimeFormatter.ofPattern("d MMMM yyyy, HH:mm z", Locale.ENGLISH);

  private Times() {}

  /** Such as {@code 1 March 2025, 11:59 UTC}. */
  static String date(Instant time, ZoneId zone) {
    return DATE.format(time.atZone(zone));
  }

  /** Such as {@code 8.5 s}, {@code 2 min 05 s} or {@code 3 h 07 min}. */
  static String duration(double seconds) {
    long whole = Math.round(seconds);
    if (whole < 60) {
      return String.format(Locale.ROOT, "%.1f s", seconds);
    }
    return whole < 3600
        ? String.format(Locale.ROOT, "%d min %02d s", whole / 60, whole % 60)
        : String.format(Locale.ROOT, "%,d h %02d min", whole / 3600, whole % 3600 / 60);
  }
}
