// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core;

/** What an average does when parameters that it should take in hold NaN or infinite values. */
public enum NonFinitePolicy {
  /** Leaves the shadow as it is, counts the update as skipped and logs one warning per streak. */
  SKIP,
  /** Leaves the shadow as it is, counts the update as skipped and throws. */
  THROW
}
