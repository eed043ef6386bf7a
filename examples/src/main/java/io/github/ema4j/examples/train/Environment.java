// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.train;

import java.util.LinkedHashMap;
import java.util.Map;
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
    environment.put("Deeplearning4j", version(MultiLayerNetwork.class));
    return environment;
  }

  private static String version(Class<?> of) {
    String version = of.getPackage().getImplementationVersion();
    return version == null ? "unknown version" : version;
  }
}
