// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.onednn.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.bytedeco.javacpp.Loader;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class NativeLibraryTest {
  private static final String EXTENSION = "org.bytedeco.javacpp.platform.extension";

  private final String before = System.getProperty(EXTENSION);

  @AfterEach
  void putBack() {
    if (before == null) {
      System.clearProperty(EXTENSION);
    } else {
      System.setProperty(EXTENSION, before);
    }
  }

  @Test
  void theLibraryWithOneDnnIsPreferredWhereItIsOnTheClassPath() {
    System.clearProperty(EXTENSION);
    NativeLibrary.preferOneDnn();
    String there =
        "/org/nd4j/linalg/cpu/nativecpu/bindings/" + Loader.Detector.getPlatform() + "-onednn/";
    boolean isThere = NativeLibrary.class.getResource(there) != null;
    assertEquals(isThere ? "-onednn" : null, System.getProperty(EXTENSION));
  }

  @Test
  void whatTheUserHasChosenStays() {
    System.setProperty(EXTENSION, "-avx2");
    NativeLibrary.preferOneDnn();
    assertEquals("-avx2", System.getProperty(EXTENSION));
  }
}
