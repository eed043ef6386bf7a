// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.ui;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Set;
import org.junit.jupiter.api.Test;

class NamesTest {

  @Test
  void aNameThatIsTakenGetsTheFirstFreeNumberFromTwo() {
    assertEquals("a", Names.unused("a", Set.of()));
    assertEquals("a", Names.unused("a", Set.of("b", "a 2")));
    assertEquals("a 2", Names.unused("a", Set.of("a")));
    assertEquals("a 4", Names.unused("a", Set.of("a", "a 2", "a 3", "a 5")));
  }
}
