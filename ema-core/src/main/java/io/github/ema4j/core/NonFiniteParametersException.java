// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core;

/**
 * Parameters held NaN or infinite values where an average needed finite ones. The shadow was not
 * touched.
 */
public final class NonFiniteParametersException extends ArithmeticException {

  private static final long serialVersionUID = 1L;

  NonFiniteParametersException(String message) {
    super(message);
  }
}
