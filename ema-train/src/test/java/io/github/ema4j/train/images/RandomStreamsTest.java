// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.images;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RandomStreamsTest {

  @Test
  void aPermutationHoldsEveryNumberOnce() {
    int[] order = RandomStreams.permutation(1000, 1, 0);
    assertFalse(Arrays.equals(IntStream.range(0, 1000).toArray(), order));
    Arrays.sort(order);
    assertArrayEquals(IntStream.range(0, 1000).toArray(), order);
  }

  @Test
  void seedAndEpochGiveThePermutation() {
    int[] order = RandomStreams.permutation(100, 1, 2);
    assertArrayEquals(order, RandomStreams.permutation(100, 1, 2));
    assertFalse(Arrays.equals(order, RandomStreams.permutation(100, 1, 3)));
    assertFalse(Arrays.equals(order, RandomStreams.permutation(100, 2, 2)));
    assertFalse(Arrays.equals(order, RandomStreams.permutation(100, 2, 1)));
  }

  @Test
  void allOrdersAreEquallyLikely() {
    Map<String, Integer> counts = new HashMap<>();
    for (int epoch = 0; epoch < 6000; epoch++) {
      counts.merge(Arrays.toString(RandomStreams.permutation(3, 5, epoch)), 1, Integer::sum);
    }
    assertEquals(6, counts.size());
    counts.forEach((order, count) -> assertEquals(1000, count, 150, order));
  }

  @Test
  void everyImageOfEveryEpochHasItsOwnStream() {
    Set<Long> firsts = new HashSet<>();
    for (long seed = 0; seed < 10; seed++) {
      for (int epoch = 0; epoch < 10; epoch++) {
        for (int image = 0; image < 100; image++) {
          firsts.add(RandomStreams.ofImage(seed, epoch, image).nextLong());
        }
      }
    }
    assertEquals(10_000, firsts.size());
    assertEquals(
        RandomStreams.ofImage(1, 2, 3).nextLong(), RandomStreams.ofImage(1, 2, 3).nextLong());
  }
}
