// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.record;

import io.github.ema4j.train.error.Reason;
import io.github.ema4j.train.error.UserError;
import java.io.IOException;
import java.nio.file.Path;

/** What to tell a person when a file of the record cannot be written. */
final class WriteFailure {
  private WriteFailure() {}

  static UserError of(Path file, IOException cause) {
    return new UserError(
        "cannot write %s (%s). Is the disk full? Free some space, or make the file writable, and"
                .formatted(file, Reason.of(cause))
            + " resume the run: what was recorded before is still there",
        cause);
  }
}
