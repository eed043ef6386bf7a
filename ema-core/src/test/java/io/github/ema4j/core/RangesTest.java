// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core;

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

/** Ranges against sets of bits. */
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
    for (int i = 0; i < ranges.size(); i++) {
      assertEquals(ranges.from(i), ranges.starts()[i]);
      assertEquals(ranges.to(i), ranges.ends()[i]);
    }
    assertEquals(ranges.count(), ranges.chunks().count());
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
}
