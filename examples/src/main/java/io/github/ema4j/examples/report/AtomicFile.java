// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.report;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** Writes files that nobody ever sees half written. */
public final class AtomicFile {
  private AtomicFile() {}

  /** Writes the content of a file. */
  @FunctionalInterface
  public interface Content {
    /** Writes everything; need not close the stream. */
    void writeTo(OutputStream out) throws IOException;
  }

  /**
   * Writes to {@code .NAME.part} beside the target, then moves that there, replacing an older file.
   *
   * @return {@code target}
   * @throws IOException if it cannot be written; an older file is then still there
   */
  public static Path write(Path target, Content content) throws IOException {
    Path part = target.resolveSibling("." + target.getFileName() + ".part");
    try {
      try (OutputStream out = Files.newOutputStream(part)) {
        content.writeTo(out);
      }
      return Files.move(
          part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new IOException("cannot write " + target + ": " + e, e);
    } finally {
      Files.deleteIfExists(part);
    }
  }
}
