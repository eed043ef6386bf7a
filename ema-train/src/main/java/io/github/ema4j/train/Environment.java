// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import io.github.ema4j.onednn.backend.NativeLibrary;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.factory.Nd4j;

/** What the numbers of a run may depend on besides its settings. */
final class Environment {
  private Environment() {}

  static Map<String, String> describe() {
    Map<String, String> environment = new LinkedHashMap<>();
    environment.put("Java", System.getProperty("java.vm.name") + " " + Runtime.version());
    environment.put(
        "system",
        "%s %s, %s"
            .formatted(
                System.getProperty("os.name"),
                System.getProperty("os.version"),
                System.getProperty("os.arch")));
    environment.put("processors", Integer.toString(Runtime.getRuntime().availableProcessors()));
    environment.put("heap, at most", (Runtime.getRuntime().maxMemory() >> 20) + " MB");
    String threads = System.getenv("OMP_NUM_THREADS");
    environment.put("OMP_NUM_THREADS", threads == null ? "not set" : threads);
    environment.put("ND4J backend", Nd4j.getBackend().getClass().getSimpleName());
    environment.put("native library", NativeLibrary.loaded().toString());
    environment.put("Deeplearning4j", versionOfDeeplearning4j());
    return environment;
  }

  /** How the user started this program, to be typed once more. */
  static String command() {
    return Optional.ofNullable(System.getenv("EMA_TRAIN_COMMAND")).orElse("train");
  }

  /** From what Maven has put into the jar: its manifest does not say. */
  static String versionOfDeeplearning4j() {
    Properties properties = new Properties();
    try (InputStream in =
        MultiLayerNetwork.class.getResourceAsStream(
            "/META-INF/maven/org.deeplearning4j/deeplearning4j-nn/pom.properties")) {
      if (in != null) {
        properties.load(in);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return properties.getProperty("version", "not known");
  }
}
