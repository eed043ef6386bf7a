// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.error;

/** Names of files and folders for a terminal, which may hold characters that would control it. */
public final class Printable {
  private Printable() {}

  /**
   * A text on one line that changes nothing about the terminal.
   *
   * @return {@code text} with an escape in place of each control character, as Java has them
   */
  public static String of(String text) {
    StringBuilder printable = new StringBuilder(text.length());
    text.codePoints()
        .forEach(
            c -> {
              if (Character.isISOControl(c) || Character.getType(c) == Character.FORMAT) {
                printable.append("\\u%04x".formatted(c));
              } else {
                printable.appendCodePoint(c);
              }
            });
    return printable.toString();
  }
}
