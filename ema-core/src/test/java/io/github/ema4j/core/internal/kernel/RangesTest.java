// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.internal.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.BitSet;
import java.util.List;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** Ranges against sets of bits, and the rules of their division into chunks. */
class RangesTest {

  @Property
  void theyHoldTheUnionOfWhatWasGiven(
      @ForAll @Size(max = 40) List<@IntRange(min = 0, max = 1000) Integer> ends,
      @ForAll @IntRange(min = 1000, max = 2000) int length) {
    int n = ends.size() / 2;
    long[] from = new long[n];
    long[] to = new long[n];
    BitSet expected = new BitSet();
    for (int i = 0; i < n; i++) {
      from[i] = Math.min(ends.get(2 * i), ends.get(2 * i + 1));
      to[i] = Math.max(ends.get(2 * i), ends.get(2 * i + 1));
      expected.set((int) from[i], (int) to[i]);
    }
    Ranges ranges = Ranges.of(length, from, to);
    assertEquals(length, ranges.length());
    assertEquals(expected.cardinality(), ranges.count());
    BitSet merged = new BitSet();
    for (int i = 0; i < ranges.size(); i++) {
      assertTrue(ranges.from(i) < ranges.to(i), "empty range " + i);
      assertTrue(i == 0 || ranges.to(i - 1) < ranges.from(i), "range " + i + " not merged");
      merged.set((int) ranges.from(i), (int) ranges.to(i));
    }
    assertEquals(expected, merged);
    assertPiecesAreTheRanges(ranges);
  }

  @Example
  void aLongVectorIsCutIntoChunksThatAllThreadsCanShare() {
    for (long length : new long[] {0, 1, 8191, 8192, 8193, 1_000_000, 100_000_000}) {
      Ranges ranges = Ranges.all(length);
      assertEquals(length, ranges.count());
      assertEquals(length == 0 ? 0 : 1, ranges.size());
      assertPiecesAreTheRanges(ranges);
    }
  }

  @Example
  void noPieceCrossesAWindowOfAHostVector() {
    Ranges ranges = Ranges.all(3L * HostVector.WINDOW + 12_345);
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
    Ranges ranges = Ranges.of(2_000_000, from, to);
    assertEquals(from.length, ranges.size());
    assertEquals(1_000_000, ranges.count());
    assertEquals(Ranges.all(1_000_000).chunks(), ranges.chunks(), 5);
    assertPiecesAreTheRanges(ranges);
  }

  @Example
  void rangesOutsideTheVectorAreRefused() {
    assertRefused("[-1, 3)", 10, -1, 3);
    assertRefused("[5, 11)", 10, 5, 11);
    assertRefused("[5, 4)", 10, 5, 4);
    assertThrows(IllegalArgumentException.class, () -> Ranges.all(-1));
    assertThrows(
        IllegalArgumentException.class, () -> Ranges.of(10, new long[] {1, 2}, new long[] {3}));
  }

  private static void assertRefused(String named, long length, long from, long to) {
    Exception e =
        assertThrows(
            IllegalArgumentException.class,
            () -> Ranges.of(length, new long[] {from}, new long[] {to}));
    assertTrue(e.getMessage().contains(named), e.getMessage());
  }

  /** In order, without gaps or overlaps, and no chunk above its size. */
  private static void assertPiecesAreTheRanges(Ranges ranges) {
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
      assertTrue(size > 0 && size <= Ranges.GRAIN, "chunk of " + size);
    }
    assertEquals(ranges.size(), range);
  }

  @Example
  void aWindowOfTheLargestTypeFitsIntoABuffer() {
    assertTrue((long) HostVector.WINDOW * Double.BYTES <= Integer.MAX_VALUE);
  }
}
