// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.record;

import io.github.ema4j.train.error.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A directory that can be written to, found out before the work is done. */
public final class OutputDirectory {
  private OutputDirectory() {}

  /**
   * Creates the directory and its parents where they are not there yet.
   *
   * @throws IOException if {@code directory} is a file, cannot be created or cannot be written to;
   *     the message tells which
   */
  public static void prepare(Path directory) throws IOException {
    if (Files.exists(directory) && !Files.isDirectory(directory)) {
      throw new IOException(directory + " is a file: name a directory");
    }
    try {
      Files.createDirectories(directory);
    } catch (IOException e) {
      throw new IOException(
          "cannot create "
              + directory
              + " ("
              + Reason.of(e)
              + "): name a directory that can be created",
          e);
    }
    if (!Files.isWritable(directory)) {
      throw new IOException(directory + " is not writable: change its permissions or name another");
    }
  }
}
