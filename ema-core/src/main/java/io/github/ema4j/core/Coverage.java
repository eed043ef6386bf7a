// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core;

import io.github.ema4j.core.kernel.Ranges;
import java.util.Objects;
import java.util.StringJoiner;

/**
 * Which elements of a parameter vector an average covers, and how. Immutable and thread-safe.
 *
 * <p>Elements in neither set are <em>left out</em>: no update touches them, and a swap leaves the
 * network's own values in place.
 *
 * @param averaged elements that are averaged
 * @param copied elements that each update takes over as they are; none of the averaged ones
 */
public record Coverage(Ranges averaged, Ranges copied) {

  /**
   * Checks that the sets belong to one vector and do not overlap.
   *
   * @throws IllegalArgumentException if they do not, or if nothing is averaged
   */
  public Coverage {
    Objects.requireNonNull(averaged, "averaged");
    Objects.requireNonNull(copied, "copied");
    if (averaged.length() != copied.length()) {
      throw new IllegalArgumentException(
          "The averaged elements are of a vector of %d, the copied ones of %d"
              .formatted(averaged.length(), copied.length()));
    }
    if (averaged.count() == 0) {
      throw new IllegalArgumentException("There is nothing to average: no element is averaged");
    }
    if (union(averaged, copied).count() != averaged.count() + copied.count()) {
      throw new IllegalArgumentException("Some elements are both averaged and copied");
    }
  }

  /**
   * All elements, averaged.
   *
   * @param length of the vector, at least 1
   * @return the coverage
   */
  public static Coverage all(long length) {
    return new Coverage(Ranges.all(length), none(length));
  }

  /**
   * The number of elements of the vector.
   *
   * @return at least 1
   */
  public long length() {
    return averaged.length();
  }

  /**
   * Elements that are averaged or copied: those that differ between raw and averaged network.
   *
   * @return the union
   */
  public Ranges covered() {
    return union(averaged, copied);
  }

  /**
   * Elements that no update touches.
   *
   * @return what is neither averaged nor copied
   */
  public Ranges leftOut() {
    Ranges covered = covered();
    long[] from = new long[covered.size() + 1];
    long[] to = new long[covered.size() + 1];
    for (int i = 0; i < covered.size(); i++) {
      to[i] = covered.from(i);
      from[i + 1] = covered.to(i);
    }
    to[covered.size()] = length();
    return Ranges.of(length(), from, to);
  }

  private static Ranges none(long length) {
    return Ranges.of(length, new long[0], new long[0]);
  }

  private static Ranges union(Ranges a, Ranges b) {
    long[] from = new long[a.size() + b.size()];
    long[] to = new long[from.length];
    for (int i = 0; i < from.length; i++) {
      boolean first = i < a.size();
      from[i] = first ? a.from(i) : b.from(i - a.size());
      to[i] = first ? a.to(i) : b.to(i - a.size());
    }
    return Ranges.of(a.length(), from, to);
  }

  /**
   * A textual form of some ranges, {@code 0-100,150-200}: written into saved state.
   *
   * @param ranges any
   * @return first index and index after the last of each range
   */
  public static String text(Ranges ranges) {
    StringJoiner text = new StringJoiner(",");
    for (int i = 0; i < ranges.size(); i++) {
      text.add(ranges.from(i) + "-" + ranges.to(i));
    }
    return text.toString();
  }

  /**
   * Reads what {@link #text} wrote.
   *
   * @param length of the vector
   * @param averaged text of the averaged ranges
   * @param copied text of the copied ranges
   * @return the coverage
   * @throws IllegalArgumentException if a text is not such a form or does not fit the vector
   */
  public static Coverage parse(long length, String averaged, String copied) {
    return new Coverage(ranges(length, averaged), ranges(length, copied));
  }

  private static Ranges ranges(long length, String text) {
    if (text.isEmpty()) {
      return none(length);
    }
    String[] parts = text.split(",", -1);
    long[] from = new long[parts.length];
    long[] to = new long[parts.length];
    for (int i = 0; i < parts.length; i++) {
      String[] ends = parts[i].split("-", -1);
      try {
        if (ends.length != 2) {
          throw new NumberFormatException("not two numbers: " + parts[i]);
        }
        from[i] = Long.parseLong(ends[0]);
        to[i] = Long.parseLong(ends[1]);
      } catch (NumberFormatException e) {
        throw new IllegalArgumentException("Ranges read 0-100,150-200, but this is " + text, e);
      }
    }
    return Ranges.of(length, from, to);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Coverage that
        && length() == that.length()
        && text(averaged).equals(text(that.averaged))
        && text(copied).equals(text(that.copied));
  }

  @Override
  public int hashCode() {
    return Objects.hash(length(), text(averaged), text(copied));
  }

  @Override
  public String toString() {
    return "%d of %d averaged, %d copied".formatted(averaged.count(), length(), copied.count());
  }
}
