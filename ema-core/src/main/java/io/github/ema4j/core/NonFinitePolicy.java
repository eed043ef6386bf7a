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
  THROW,
  /**
   * Counts the update as skipped and has the averaged values put into the parameters, from which
   * training then goes on: the last good average, since the shadow has not changed at all; updates
   * cost what they do with {@link #THROW}. Where a network trains, its listener does it; who calls
   * {@link ParameterAverage#update} does it by {@link ParameterAverage#restoreInto}.
   *
   * <p>Throws {@link NonFiniteParametersException} where the average is none of trained parameters
   * yet, and when three times in a row did not help. Refused where parameters are left out of the
   * average, for which it has no values.
   */
  RESTORE
}
