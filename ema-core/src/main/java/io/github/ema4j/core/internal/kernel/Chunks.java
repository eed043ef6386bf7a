// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.internal.kernel;

import java.util.Arrays;

/**
 * Index ranges of a flat vector, cut into chunks of work. Immutable and thread-safe.
 *
 * <p>A chunk is a run of <em>pieces</em> of about the same total size, so that thousands of small
 * ranges are as good to share out among threads as a single long one.
 */
public final class Chunks {

  /** Elements per chunk at most. Chunks are whole blocks, since what is not takes longer. */
  static final int GRAIN = 20 * Block.LARGE;

  /** Elements per chunk at least, but for the last one. */
  private static final int SMALLEST_GRAIN = 3 * Block.LARGE;

  /** Chunks of a vector of middle size: enough for threads to finish at about the same time. */
  private static final int CHUNKS = 64;

  private final long length;
  private final long count;
  private final long[] from;
  private final long[] to;
  private final Pieces pieces;

  /** All pieces in order; chunk c has those from {@code first[c]} to {@code first[c + 1]}. */
  private record Pieces(long[] from, long[] to, int[] first) {}

  private Chunks(long length, long[] from, long[] to) {
    this.length = length;
    this.from = from;
    this.to = to;
    long sum = 0;
    for (int i = 0; i < from.length; i++) {
      sum += to[i] - from[i];
    }
    count = sum;
    pieces = cut();
  }

  /**
   * All elements of a vector.
   *
   * @param length of the vector, at least 0
   * @return one range, or none if the length is 0
   */
  public static Chunks all(long length) {
    return length == 0
        ? of(0, new long[0], new long[0])
        : of(length, new long[] {0}, new long[] {length});
  }

  /**
   * The elements of some index ranges of a vector: in ascending order, none empty, no two of them
   * touching.
   *
   * @param length of the vector
   * @param from first index of each range; not to be changed afterwards
   * @param to index after the last one of each range; not to be changed afterwards
   * @return the ranges, cut into chunks
   * @throws IllegalArgumentException if they are not so
   */
  public static Chunks of(long length, long[] from, long[] to) {
    long end = -1;
    for (int i = 0; i < from.length; i++) {
      if (from[i] <= end || to[i] <= from[i] || to[i] > length) {
        throw new IllegalArgumentException(
            "Range %d, [%d, %d), is empty, touches one before it or does not lie in a vector of %d elements"
                .formatted(i, from[i], to[i], length));
      }
      end = to[i];
    }
    return new Chunks(length, from, to);
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
   * How many ranges there are.
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

  private Pieces cut() {
    Cutter cutter = new Cutter();
    for (int i = 0; i < from.length; i++) {
      for (long at = from[i]; at < to[i]; ) {
        at = cutter.cut(at, to[i]);
      }
    }
    return cutter.pieces();
  }

  /** Fills chunk after chunk with pieces. */
  private final class Cutter {
    private long[] from = new long[16];
    private long[] to = new long[16];
    private int[] first = new int[16];
    private int pieces;
    private int chunks;
    private final long grain =
        Math.max(SMALLEST_GRAIN, Math.min(GRAIN, count / CHUNKS / Block.LARGE * Block.LARGE));
    private long room; // elements that fit in the chunk

    /** Cuts a piece that begins at {@code at} and ends where it returns. */
    long cut(long at, long end) {
      if (room == 0) {
        room = grain;
        first = withRoom(first, chunks);
        first[chunks++] = pieces;
      }
      long window = (at / HostVector.WINDOW + 1) * HostVector.WINDOW;
      long pieceEnd = Math.min(Math.min(end, window), at + room);
      from = withRoom(from, pieces);
      to = withRoom(to, pieces);
      from[pieces] = at;
      to[pieces++] = pieceEnd;
      room -= pieceEnd - at;
      return pieceEnd;
    }

    Pieces pieces() {
      first = withRoom(first, chunks);
      first[chunks] = pieces;
      return new Pieces(
          Arrays.copyOf(from, pieces), Arrays.copyOf(to, pieces), Arrays.copyOf(first, chunks + 1));
    }

    private static long[] withRoom(long[] array, int index) {
      return index < array.length ? array : Arrays.copyOf(array, 2 * array.length);
    }

    private static int[] withRoom(int[] array, int index) {
      return index < array.length ? array : Arrays.copyOf(array, 2 * array.length);
    }
  }

  // Pieces lie in one window of a HostVector each. All of them together are the ranges.

  int chunks() {
    return pieces.first.length - 1;
  }

  int firstPiece(int chunk) {
    return pieces.first[chunk];
  }

  long pieceFrom(int piece) {
    return pieces.from[piece];
  }

  long pieceTo(int piece) {
    return pieces.to[piece];
  }

  @Override
  public String toString() {
    return "Chunks[%d of %d elements in %d ranges]".formatted(count, length, size());
  }
}
