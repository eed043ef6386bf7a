// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.internal.kernel;

import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets the compiler look into slices of buffers. The loops over a slice are vectorised, and the
 * slice itself costs nothing, only if the call that makes it is inlined. HotSpot decides that by
 * what it knows when it compiles such a loop, and never again: whether the classes in the signature
 * of the constructor are loaded, and whether the calls within it were counted as frequent. Left to
 * chance, three of ten JVMs 17 in one series took twice as long for an update.
 */
final class Slices {

  private static final Logger log = LoggerFactory.getLogger(Slices.class);

  /** Enough to count as frequent; takes some milliseconds. */
  private static final int CALLS = 5000;

  private Slices() {}

  /** To be called once, before the first loop. */
  static void prepare() {
    ByteBuffer bytes = ByteBuffer.allocateDirect(Double.BYTES).order(ByteOrder.nativeOrder());
    FloatBuffer floats = bytes.asFloatBuffer();
    DoubleBuffer doubles = bytes.asDoubleBuffer();
    loadSignatures(floats);
    loadSignatures(doubles);
    for (int i = 0; i < CALLS; i++) {
      if (floats.slice(1, 1).capacity() != doubles.slice(0, 1).capacity()) {
        throw new AssertionError(i);
      }
    }
  }

  private static void loadSignatures(Buffer buffer) {
    try {
      // To get the constructors takes all classes that they name.
      Object unused = buffer.getClass().getDeclaredConstructors();
    } catch (SecurityException e) {
      log.debug("Slices of buffers may be slow", e); // and no less right
    }
  }
}
