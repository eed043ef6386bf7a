// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.onednn.backend;

import java.util.Optional;
import java.util.Set;
import org.bytedeco.javacpp.Loader;
import org.nd4j.linalg.api.ops.executioner.OpExecutioner.ExecutionerType;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.nativeblas.NativeOpsHolder;

/**
 * The native library that ND4J has loaded into this process, once and for all.
 *
 * @param cpu whether its backend computes on the CPU
 * @param containsOneDnn whether it was built with oneDNN
 * @param helpersAllowed whether its operations may call oneDNN, as {@code
 *     Nd4j.getEnvironment().allowHelpers} has it
 * @param platform as JavaCPP names it, such as {@code linux-x86_64}
 */
public record NativeLibrary(
    boolean cpu, boolean containsOneDnn, boolean helpersAllowed, String platform) {

  /** ND4J publishes natives with oneDNN for these. */
  private static final Set<String> WITH_ONEDNN =
      Set.of("linux-x86_64", "macosx-x86_64", "windows-x86_64");

  /** Tells JavaCPP which of the libraries on the class path to load. */
  private static final String EXTENSION = "org.bytedeco.javacpp.platform.extension";

  private static final String ONEDNN_EXTENSION = "-onednn";

  /**
   * Has ND4J load its native library with oneDNN if that is on the class path, unless the user has
   * chosen one by the property {@code org.bytedeco.javacpp.platform.extension}, which this sets.
   * Call it before anything of ND4J: what is loaded already stays. {@link #loaded} tells what came
   * of it.
   */
  public static void preferOneDnn() {
    String folder = "/org/nd4j/linalg/cpu/nativecpu/bindings/" + Loader.Detector.getPlatform();
    if (System.getProperty(EXTENSION) == null
        && NativeLibrary.class.getResource(folder + ONEDNN_EXTENSION + "/") != null) {
      System.setProperty(EXTENSION, ONEDNN_EXTENSION);
    }
  }

  /**
   * What is loaded; loads it if nothing has yet.
   *
   * @return the state at the moment of the call
   */
  public static NativeLibrary loaded() {
    return new NativeLibrary(
        Nd4j.getExecutioner().type() == ExecutionerType.NATIVE_CPU,
        buildInfo().contains("HAVE_ONEDNN"),
        Nd4j.getEnvironment().helpersAllowed(),
        Loader.getPlatform());
  }

  /** Of the library itself: ND4J's environment claims oneDNN for libraries without it, too. */
  private static String buildInfo() {
    return NativeOpsHolder.getInstance().getDeviceNativeOps().buildInfo();
  }

  /**
   * Whether operations on FLOAT arrays run on oneDNN where it has them.
   *
   * @return true if it is there and allowed
   */
  public boolean usesOneDnn() {
    return cpu && containsOneDnn && helpersAllowed;
  }

  /**
   * Why operations do not run on oneDNN, and what to do about it.
   *
   * @return empty if they do
   */
  public Optional<String> obstacle() {
    if (usesOneDnn()) {
      return Optional.empty();
    }
    if (!cpu) {
      return Optional.of("the backend of ND4J is not that of the CPU");
    }
    if (containsOneDnn) {
      return Optional.of("Nd4j.getEnvironment().allowHelpers(false) was called");
    }
    return Optional.of(
        WITH_ONEDNN.contains(platform)
            ? "the native library is one without oneDNN; add org.nd4j:nd4j-native with classifier "
                + platform
                + "-onednn"
            : "ND4J has no native library with oneDNN for " + platform);
  }

  @Override
  public String toString() {
    return (cpu ? "CPU" : "not CPU")
        + ", "
        + platform
        + (containsOneDnn ? ", with oneDNN" : ", without oneDNN")
        + (helpersAllowed ? "" : ", which is not allowed");
  }
}
