// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core;

/**
 * What an average does when parameters that it should take in hold NaN or infinite values. These
 * never enter the shadow.
 */
public enum NonFinitePolicy {
  /**
   * Counts the update as skipped, and not as an update, and logs one warning per streak. Elements
   * of the shadow whose parameter is not finite keep their value; the others have moved. The check
   * is part of the one pass over the parameters and costs next to nothing.
   */
  SKIP,
  /**
   * Counts the update as skipped and throws {@link NonFiniteParametersException}. The shadow has
   * not changed at all: the parameters are checked in a pass of their own before every update,
   * which makes updates about a third dearer.
   */
  THROW
}
