// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.runlog;

import io.github.ema4j.examples.UserError;
import java.nio.file.Path;

/** Opens the record of a run. */
public final class RunRecorders {
  /** For {@code resumeAfterEpoch}: the run starts anew. */
  public static final int NEW_RUN = -1;

  private RunRecorders() {}

  /**
   * Starts or continues the record of a run.
   *
   * @param directory the run's output directory, which must exist
   * @param description of this session
   * @param resumeAfterEpoch {@link #NEW_RUN}, or the last epoch that the resumed state of training
   *     includes, 0 if none: what was recorded of later epochs is dropped, since they are trained
   *     again
   * @return one recorder for all files
   * @throws UserError if a new run is to start where there is the record of another one, or a file
   *     cannot be read or written
   */
  public static RunRecorder open(Path directory, RunDescription description, int resumeAfterEpoch) {
    throw new UnsupportedOperationException();
  }
}
