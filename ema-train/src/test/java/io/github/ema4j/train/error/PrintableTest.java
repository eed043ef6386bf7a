// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.error;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Folders are classes, and their names go to the terminal. */
class PrintableTest {

  @Test
  void whatControlsATerminalIsShownInstead() {
    assertEquals(
        "cats\\u001b[2J\\u000aall is well\\u0007 größe ∑ 猫",
        Printable.of("cats\u001b[2J\nall is well\u0007 größe ∑ 猫"));
    assertEquals("a\\u202eb", Printable.of("a\u202eb")); // turns the direction of what follows
    assertEquals("\\u0000", Printable.of("\0"));
  }

  @Test
  void errorsOfTheUserAreOnOneLine() {
    UserError e = new UserError("the classes were " + List.of("cats\r", "dogs\u001b]0;x\u0007"));

    assertEquals("the classes were [cats\\u000d, dogs\\u001b]0;x\\u0007]", e.getMessage());
  }
}
