// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.record;

import io.github.ema4j.core.internal.file.AtomicFile;
import io.github.ema4j.train.error.Reason;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;

/** Writes results, as {@link AtomicFile} does, with errors that a person can read. */
public final class OutputFile {
  /** Writes the content of a file. */
  @FunctionalInterface
  public interface Content {
    void writeTo(OutputStream out) throws IOException;
  }

  private OutputFile() {}

  /**
   * Writes a file.
   *
   * @return {@code target}
   * @throws IOException naming the file if it cannot be written; an older file is then still there
   */
  public static Path write(Path target, Content content) throws IOException {
    try {
      AtomicFile.write(target, content::writeTo);
    } catch (IOException e) {
      throw new IOException("cannot write " + target + ": " + Reason.of(e), e);
    }
    return target;
  }
}
