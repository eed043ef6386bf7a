// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.internal.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** The rules of the division of ranges into chunks. */
class ChunksTest {

  @Property
  void piecesAreTheRanges(
      @ForAll @Size(max = 40) List<@IntRange(min = 0, max = 1000) Integer> ends,
      @ForAll @IntRange(min = 1001, max = 2000) int length) {
    long[] sorted = ends.stream().mapToLong(end -> end).distinct().sorted().toArray();
    int n = sorted.length / 2;
    long[] from = new long[n];
    long[] to = new long[n];
    long count = 0;
    for (int i = 0; i < n; i++) {
      from[i] = sorted[2 * i];
      to[i] = sorted[2 * i + 1];
      count += to[i] - from[i];
    }
    Chunks chunks = Chunks.of(length, from, to);
    assertEquals(length, chunks.length());
    assertEquals(count, chunks.count());
    assertEquals(n, chunks.size());
    assertPiecesAreTheRanges(chunks);
  }

  @Example
  void aLongVectorIsCutIntoChunksThatAllThreadsCanShare() {
    for (long length : new long[] {0, 1, 8191, 8192, 8193, 1_000_000, 100_000_000}) {
      Chunks ranges = Chunks.all(length);
      assertEquals(length, ranges.count());
      assertEquals(length == 0 ? 0 : 1, ranges.size());
      assertPiecesAreTheRanges(ranges);
    }
  }

  @Example
  void noPieceCrossesAWindowOfAHostVector() {
    Chunks ranges = Chunks.all(3L * HostVector.WINDOW + 12_345);
    assertPiecesAreTheRanges(ranges);
    for (int i = 0; i < ranges.firstPiece(ranges.chunks()); i++) {
      assertEquals(
          HostVector.windowOf(ranges.pieceFrom(i)), HostVector.windowOf(ranges.pieceTo(i) - 1));
    }
  }

  @Example
  void thousandsOfTinyRangesMakeAFewLargeChunks() {
    long[] from = new long[100_000];
    long[] to = new long[from.length];
    for (int i = 0; i < from.length; i++) {
      from[i] = 20L * i;
      to[i] = 20L * i + 10;
    }
    Chunks ranges = Chunks.of(2_000_000, from, to);
    assertEquals(from.length, ranges.size());
    assertEquals(1_000_000, ranges.count());
    assertEquals(Chunks.all(1_000_000).chunks(), ranges.chunks(), 5);
    assertPiecesAreTheRanges(ranges);
  }

  @Example
  void rangesThatAreNotAscendingAndApartAreRefused() {
    assertRefused(0, 3, 3, 5);
    assertRefused(4, 6, 1, 2);
    assertRefused(1, 3, 5, 5);
    assertRefused(1, 3, 5, 11);
  }

  private static void assertRefused(long from0, long to0, long from1, long to1) {
    assertThrows(
        IllegalArgumentException.class,
        () -> Chunks.of(10, new long[] {from0, from1}, new long[] {to0, to1}));
  }

  /** In order, without gaps or overlaps, and no chunk above its size. */
  private static void assertPiecesAreTheRanges(Chunks ranges) {
    int range = 0;
    long at = ranges.size() > 0 ? ranges.from(0) : 0;
    for (int chunk = 0; chunk < ranges.chunks(); chunk++) {
      long size = 0;
      for (int i = ranges.firstPiece(chunk); i < ranges.firstPiece(chunk + 1); i++) {
        assertEquals(at, ranges.pieceFrom(i));
        assertTrue(ranges.pieceFrom(i) < ranges.pieceTo(i));
        size += ranges.pieceTo(i) - ranges.pieceFrom(i);
        at = ranges.pieceTo(i);
        if (at == ranges.to(range) && ++range < ranges.size()) {
          at = ranges.from(range);
        }
      }
      assertTrue(size > 0 && size <= Chunks.GRAIN, "chunk of " + size);
    }
    assertEquals(ranges.size(), range);
  }

  @Example
  void aWindowOfTheLargestTypeFitsIntoABuffer() {
    assertTrue((long) HostVector.WINDOW * Double.BYTES <= Integer.MAX_VALUE);
  }
}
