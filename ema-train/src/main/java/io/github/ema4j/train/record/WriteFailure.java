// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.record;

import io.github.ema4j.train.error.UserError;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;

/** What to tell a person when a file of the record cannot be written. */
final class WriteFailure {
  private WriteFailure() {}

  static UserError of(Path file, IOException cause) {
    return new UserError(
        "cannot write %s (%s). Is the disk full? Free some space, or make the file writable, and"
                .formatted(file, reason(cause))
            + " resume the run: what was recorded before is still there",
        cause);
  }

  /** The first cause alone, without the path, which those around it repeat. */
  private static String reason(IOException e) {
    if (e.getCause() instanceof IOException cause) {
      return reason(cause);
    }
    String reason = e instanceof FileSystemException f ? f.getReason() : e.getMessage();
    return reason == null ? e.getClass().getSimpleName() : reason;
  }
}
