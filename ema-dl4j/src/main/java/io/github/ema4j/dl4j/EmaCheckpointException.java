// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A file is not a checkpoint that training can go on from: it is damaged, foreign, too new, or not
 * the one that was expected. The message names the file and what is wrong with it.
 */
public final class EmaCheckpointException extends IOException {

  /**
   * Refuses a file.
   *
   * @param file the file
   * @param message what is wrong with it
   */
  public EmaCheckpointException(Path file, String message) {
    super(file + ": " + message);
  }

  /**
   * Refuses a file.
   *
   * @param file the file
   * @param message what is wrong with it
   * @param cause how it was found out
   */
  public EmaCheckpointException(Path file, String message, Throwable cause) {
    super(file + ": " + message, cause);
  }
}
