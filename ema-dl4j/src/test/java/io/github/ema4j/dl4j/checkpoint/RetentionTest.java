// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RetentionTest {

  /** Of seven checkpoints, numbered from 0. */
  private static List<Integer> kept(Retention retention) {
    return IntStream.range(0, 7).filter(i -> retention.keeps(i, 7 - i)).boxed().toList();
  }

  @Test
  void keepsWhatItSays() {
    assertEquals(List.of(0, 1, 2, 3, 4, 5, 6), kept(Retention.ALL));
    assertEquals(List.of(5, 6), kept(Retention.last(2)));
    assertEquals(List.of(2, 5, 6), kept(Retention.lastAndEvery(1, 3)));
  }

  @Test
  void keepingNoneIsRefused() {
    assertThrows(IllegalArgumentException.class, () -> Retention.last(0));
    assertThrows(IllegalArgumentException.class, () -> Retention.lastAndEvery(0, 1));
    assertThrows(IllegalArgumentException.class, () -> Retention.lastAndEvery(1, 0));
  }
}
