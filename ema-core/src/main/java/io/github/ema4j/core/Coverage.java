// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core;

import java.util.Objects;
import java.util.StringJoiner;

/**
 * Which elements of a parameter vector an average covers, and how. Immutable and thread-safe.
 *
 * <p>Elements that are neither averaged nor copied are <em>left out</em>: no update touches them,
 * and a swap leaves the network's own values in place.
 *
 * @param averaged elements that are averaged
 * @param copied elements that each update takes over as they are; none of the averaged ones
 * @param variances those of the averaged elements that are variances: where one is held as the
 *     log10 of the standard deviation, the variance is averaged and not the logarithm
 */
public record Coverage(Ranges averaged, Ranges copied, Variances variances) {

  /**
   * Checks that the sets belong to one vector, and that none is averaged and copied.
   *
   * @throws IllegalArgumentException if they do not, if nothing is averaged, or if a variance is
   *     not averaged
   */
  public Coverage {
    Objects.requireNonNull(averaged, "averaged");
    Objects.requireNonNull(copied, "copied");
    Objects.requireNonNull(variances, "variances");
    if (averaged.length() != copied.length()
        || averaged.length() != variances.log10Deviations().length()) {
      throw new IllegalArgumentException(
          "The averaged elements are of a vector of %d, the copied ones of %d, the variances of %d"
              .formatted(averaged.length(), copied.length(), variances.log10Deviations().length()));
    }
    if (averaged.count() == 0) {
      throw new IllegalArgumentException("There is nothing to average: no element is averaged");
    }
    if (averaged.union(copied).count() != averaged.count() + copied.count()) {
      throw new IllegalArgumentException("Some elements are both averaged and copied");
    }
    Ranges all = variances.plain().union(variances.log10Deviations());
    if (averaged.union(all).count() != averaged.count()) {
      throw new IllegalArgumentException("Some elements are variances, but are not averaged");
    }
  }

  /**
   * Elements that are averaged, none of them a variance, and others that are copied.
   *
   * @param averaged elements that are averaged
   * @param copied elements that each update takes over as they are
   * @throws IllegalArgumentException if they do not belong to one vector, overlap, or nothing is
   *     averaged
   */
  public Coverage(Ranges averaged, Ranges copied) {
    this(averaged, copied, Variances.none(averaged.length()));
  }

  /**
   * All elements, averaged, none of them a variance.
   *
   * @param length of the vector, at least 1
   * @return the coverage
   */
  public static Coverage all(long length) {
    return new Coverage(Ranges.all(length), Ranges.none(length));
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
   * Elements that are averaged as they are.
   *
   * @return the averaged ones that are no log10 deviations
   */
  public Ranges averagedAsTheyAre() {
    return averaged.minus(log10Deviations());
  }

  /**
   * Elements that hold a variance as the log10 of the standard deviation.
   *
   * @return those of {@link #variances}
   */
  public Ranges log10Deviations() {
    return variances.log10Deviations();
  }

  /**
   * Elements that are averaged or copied: those that differ between raw and averaged network.
   *
   * @return the union
   */
  public Ranges covered() {
    return averaged.union(copied);
  }

  /**
   * Elements that no update touches.
   *
   * @return what is neither averaged nor copied
   */
  public Ranges leftOut() {
    return covered().complement();
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
   * Reads what {@link #text} wrote, for a coverage without variances.
   *
   * @param length of the vector
   * @param averaged text of the averaged ranges
   * @param copied text of the copied ranges
   * @return the coverage
   * @throws IllegalArgumentException if a text is not such a form or does not fit the vector
   */
  public static Coverage parse(long length, String averaged, String copied) {
    return new Coverage(parse(length, averaged), parse(length, copied));
  }

  /**
   * Reads what {@link #text} wrote.
   *
   * @param length of the vector
   * @param text first index and index after the last of each range
   * @return the ranges
   * @throws IllegalArgumentException if the text is not such a form or does not fit the vector
   */
  public static Ranges parse(long length, String text) {
    if (text.isEmpty()) {
      return Ranges.none(length);
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
  public String toString() {
    return "%d of %d averaged%s, %d copied"
        .formatted(
            averaged.count(),
            length(),
            log10Deviations().count() == 0
                ? ""
                : ", %d of them as variances".formatted(log10Deviations().count()),
            copied.count());
  }
}
