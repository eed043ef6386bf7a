// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples;

import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.nativeblas.NativeOpsHolder;

/** The threads of ND4J's native operations. */
public final class OpenMp {
  private OpenMp() {}

  /** Makes native operations use one thread, unless the user has set {@code OMP_NUM_THREADS}. */
  public static void useOneThreadUnlessSet() {
    if (System.getenv("OMP_NUM_THREADS") == null) {
      Nd4j.getBackend(); // loads the native library
      // Networks as small as these spend more time waking OpenMP threads than computing.
      NativeOpsHolder.getInstance().getDeviceNativeOps().setOmpNumThreads(1);
    }
  }
}
