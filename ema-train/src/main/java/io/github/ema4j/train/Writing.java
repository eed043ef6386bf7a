// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import io.github.ema4j.train.error.Reason;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;

/** Says which file could not be written where an error does not. */
final class Writing {
  private Writing() {}

  /** Writes. */
  @FunctionalInterface
  interface Action {
    void run() throws IOException;
  }

  /**
   * Runs an action that writes to a file or folder.
   *
   * @throws IOException naming it
   */
  static void to(Path target, Action action) throws IOException {
    try {
      action.run();
    } catch (IOException e) {
      throw failure(target, e);
    } catch (UncheckedIOException e) {
      throw failure(target, e.getCause());
    }
  }

  private static IOException failure(Path target, IOException e) {
    return new IOException("cannot write %s: %s".formatted(target, Reason.of(e)), e);
  }
}
