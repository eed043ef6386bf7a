// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core;

import io.github.ema4j.core.internal.kernel.Chunks;
import java.util.Arrays;
import java.util.stream.IntStream;

/** A set of elements of a flat vector, given as index ranges. Immutable and thread-safe. */
public final class Ranges {

  private final long length;
  private final long count;
  private final long[] from;
  private final long[] to;

  private Ranges(long length, long[] from, long[] to) {
    this.length = length;
    this.from = from;
    this.to = to;
    long sum = 0;
    for (int i = 0; i < from.length; i++) {
      sum += to[i] - from[i];
    }
    count = sum;
  }

  /**
   * All elements of a vector.
   *
   * @param length of the vector, at least 0
   * @return the ranges
   * @throws IllegalArgumentException if negative
   */
  public static Ranges all(long length) {
    return of(length, new long[] {0}, new long[] {length});
  }

  /**
   * No element of a vector.
   *
   * @param length of the vector, at least 0
   * @return no ranges
   * @throws IllegalArgumentException if negative
   */
  public static Ranges none(long length) {
    return of(length, new long[0], new long[0]);
  }

  /**
   * The elements of some index ranges. They may come in any order, touch, overlap or be empty.
   *
   * @param length of the vector, at least 0
   * @param from first index of each range, at least 0
   * @param to index after the last one of each range, not below {@code from}, at most the length
   * @return the ranges, merged and in ascending order
   * @throws IllegalArgumentException if a range does not lie in the vector
   */
  public static Ranges of(long length, long[] from, long[] to) {
    if (length < 0) {
      throw new IllegalArgumentException("A vector's length is at least 0, but was " + length);
    }
    if (from.length != to.length) {
      throw new IllegalArgumentException(
          "%d ranges begin, but %d end".formatted(from.length, to.length));
    }
    for (int i = 0; i < from.length; i++) {
      if (from[i] < 0 || to[i] < from[i] || to[i] > length) {
        throw new IllegalArgumentException(
            "Range %d, [%d, %d), does not lie in a vector of %d elements"
                .formatted(i, from[i], to[i], length));
      }
    }
    int[] ascending =
        IntStream.range(0, from.length)
            .filter(i -> from[i] < to[i])
            .boxed()
            .sorted((a, b) -> Long.compare(from[a], from[b]))
            .mapToInt(Integer::intValue)
            .toArray();
    long[] mergedFrom = new long[ascending.length];
    long[] mergedTo = new long[ascending.length];
    int merged = 0;
    for (int i : ascending) {
      if (merged > 0 && from[i] <= mergedTo[merged - 1]) {
        mergedTo[merged - 1] = Math.max(mergedTo[merged - 1], to[i]);
      } else {
        mergedFrom[merged] = from[i];
        mergedTo[merged++] = to[i];
      }
    }
    return new Ranges(length, Arrays.copyOf(mergedFrom, merged), Arrays.copyOf(mergedTo, merged));
  }

  /**
   * The elements that are in one of two sets or in both.
   *
   * @param other of a vector of the same length
   * @return the union
   */
  public Ranges union(Ranges other) {
    requireSameLength(other);
    int size = from.length + other.from.length;
    long[] allFrom = Arrays.copyOf(from, size);
    long[] allTo = Arrays.copyOf(to, size);
    System.arraycopy(other.from, 0, allFrom, from.length, other.from.length);
    System.arraycopy(other.to, 0, allTo, to.length, other.to.length);
    return of(length, allFrom, allTo);
  }

  /**
   * The elements of the vector that are not in this set.
   *
   * @return the complement
   */
  public Ranges complement() {
    long[] gapFrom = new long[from.length + 1];
    long[] gapTo = new long[from.length + 1];
    System.arraycopy(to, 0, gapFrom, 1, to.length);
    System.arraycopy(from, 0, gapTo, 0, from.length);
    gapTo[from.length] = length;
    return of(length, gapFrom, gapTo);
  }

  /**
   * The elements of this set that are not in another.
   *
   * @param other of a vector of the same length
   * @return the difference
   */
  public Ranges minus(Ranges other) {
    return complement().union(other).complement();
  }

  private void requireSameLength(Ranges other) {
    if (length != other.length) {
      throw new IllegalArgumentException(
          "The ranges are of vectors of %d and of %d elements".formatted(length, other.length));
    }
  }

  /**
   * The length of the vector.
   *
   * @return at least 0
   */
  public long length() {
    return length;
  }

  /**
   * How many elements the ranges hold.
   *
   * @return from 0 to the length
   */
  public long count() {
    return count;
  }

  /**
   * How many ranges there are, after merging.
   *
   * @return at least 0
   */
  public int size() {
    return from.length;
  }

  /**
   * The first index of a range.
   *
   * @param range from 0 to {@code size() - 1}, in ascending order
   * @return the index
   */
  public long from(int range) {
    return from[range];
  }

  /**
   * The index after the last one of a range.
   *
   * @param range from 0 to {@code size() - 1}, in ascending order
   * @return the index
   */
  public long to(int range) {
    return to[range];
  }

  /**
   * The first index of each range.
   *
   * @return a copy, in ascending order
   */
  public long[] starts() {
    return from.clone();
  }

  /**
   * The index after the last one of each range.
   *
   * @return a copy, in ascending order
   */
  public long[] ends() {
    return to.clone();
  }

  /** The same elements as the kernels take them. */
  Chunks chunks() {
    return Chunks.of(length, from, to);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Ranges that
        && length == that.length
        && Arrays.equals(from, that.from)
        && Arrays.equals(to, that.to);
  }

  @Override
  public int hashCode() {
    return 31 * (31 * Long.hashCode(length) + Arrays.hashCode(from)) + Arrays.hashCode(to);
  }

  @Override
  public String toString() {
    return "Ranges[%d of %d elements in %d ranges]".formatted(count, length, size());
  }
}
