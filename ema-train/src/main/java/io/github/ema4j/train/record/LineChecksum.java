// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.record;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.zip.CRC32;

/**
 * The checksum at the end of each line of {@link JsonLines}, a last value {@code crc32} in its JSON
 * object: the CRC-32 of the line without it, after the digits of that of the line before. So a line
 * that was altered, lost, doubled or put in is noticed.
 *
 * @param value of the lines so far
 */
record LineChecksum(long value) {
  /** Before the first line. */
  static final LineChecksum NONE = new LineChecksum(0);

  private static final String NAME = ",\"crc32\":";

  /** That of one line more, which is without a checksum. */
  LineChecksum after(String line) {
    CRC32 crc = new CRC32();
    crc.update((value + line).getBytes(UTF_8));
    return new LineChecksum(crc.getValue());
  }

  /** The line, whose checksum this is, with it. */
  String in(String line) {
    return line.substring(0, line.length() - 1) + NAME + value + "}";
  }

  /**
   * Takes the checksum out of a line.
   *
   * @throws IllegalArgumentException if it has none
   */
  static String removedFrom(String line) {
    int start = line.lastIndexOf(NAME);
    if (start < 0) {
      throw new IllegalArgumentException("it has no crc32");
    }
    return line.substring(0, start) + "}";
  }
}
