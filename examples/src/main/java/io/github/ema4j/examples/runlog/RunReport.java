// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.runlog;

import io.github.ema4j.examples.UserError;
import java.nio.file.Path;
import java.util.List;

/** A run as one page for a browser. */
public final class RunReport {
  private RunReport() {}

  /**
   * Writes the page, replacing an older one.
   *
   * @param html the file
   * @param run what was run
   * @param epochs in their order; may be empty
   * @throws UserError if it cannot be written
   */
  public static void write(Path html, RunDescription run, List<EpochResult> epochs) {
    throw new UnsupportedOperationException();
  }
}
