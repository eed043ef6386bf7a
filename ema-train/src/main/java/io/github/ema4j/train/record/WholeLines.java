// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.record;

import io.github.ema4j.train.error.Reason;
import io.github.ema4j.train.error.UserError;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The lines of a file of {@link JsonLines} that end; one without a line break was torn by a crash.
 */
final class WholeLines {
  private WholeLines() {}

  /** Takes a line. */
  @FunctionalInterface
  interface Consumer {
    /**
     * Takes a line.
     *
     * @throws IllegalArgumentException if it is not as it should be
     */
    void accept(String line);
  }

  /**
   * Hands over line by line, without their line breaks and checksums.
   *
   * @throws UserError if the file cannot be read, a checksum is not that of the lines up to it, or
   *     {@code consumer} refuses a line
   */
  static void forEach(Path file, Consumer consumer) {
    int number = 1;
    try (BufferedReader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
      LineChecksum checksum = LineChecksum.NONE;
      StringBuilder line = new StringBuilder();
      for (int c = reader.read(); c >= 0; c = reader.read()) {
        if (c == '\n') {
          String text = LineChecksum.removedFrom(line.toString());
          checksum = checksum.after(text);
          if (!checksum.in(text).contentEquals(line)) {
            throw new IllegalArgumentException("its crc32 is not that of the lines up to it");
          }
          consumer.accept(text);
          line.setLength(0);
          number++;
        } else {
          line.append((char) c);
        }
      }
    } catch (IllegalArgumentException e) {
      throw new UserError(
          "%s, line %d, is not what a run has recorded (%s). Put the file back from a copy, or move it, %s and %s elsewhere to go on with new ones"
              .formatted(
                  file, number, e.getMessage(), RunRecorders.SUMMARY, RunRecorders.TENSORBOARD),
          e);
    } catch (IOException e) {
      throw new UserError("cannot read " + file + ", line " + number + ": " + Reason.of(e), e);
    }
  }
}
