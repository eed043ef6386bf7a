// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.error;

/**
 * Something the person at the command line can mend: its message says what and how; no stack trace
 * is shown.
 */
public final class UserError extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public UserError(String message) {
    super(Printable.of(message));
  }

  public UserError(String message, Throwable cause) {
    super(Printable.of(message), cause);
  }
}
