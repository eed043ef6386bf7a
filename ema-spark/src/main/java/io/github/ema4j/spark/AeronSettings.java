// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import org.agrona.SystemUtil;

/**
 * What Aeron, over which gradients are shared, must be told before it starts, in every JVM.
 * Deeplearning4j raises one of its timeouts to 30 seconds and leaves another at 15 that Aeron wants
 * to be the longer one, so that without this it refuses to start.
 */
final class AeronSettings {

  private static final String UNBLOCK = "aeron.publication.unblock.timeout";
  private static final long LIVENESS_NANOS = 30_000_000_000L;

  private AeronSettings() {}

  /**
   * Sets what is not set.
   *
   * @throws IllegalStateException if it is set, but not long enough
   */
  static void settle() {
    String given = System.getProperty(UNBLOCK);
    if (given == null) {
      System.setProperty(UNBLOCK, "60s");
    } else if (!isLongEnough(given)) {
      throw new IllegalStateException(
          "-D%s=%s is not longer than the 30s that Deeplearning4j sets for aeron.client.liveness.timeout, and Aeron would not start: leave it out, or say -D%s=60s, on the driver and in spark.executor.extraJavaOptions"
              .formatted(UNBLOCK, given, UNBLOCK));
    }
    if (System.getProperty("aeron.dir.delete.on.shutdown") == null) {
      // Else the buffers of every JVM, about 140 MB, stay in shared memory.
      System.setProperty("aeron.dir.delete.on.shutdown", "true");
    }
  }

  private static boolean isLongEnough(String duration) {
    try {
      return SystemUtil.parseDuration(UNBLOCK, duration) > LIVENESS_NANOS;
    } catch (NumberFormatException e) {
      return false;
    }
  }
}
