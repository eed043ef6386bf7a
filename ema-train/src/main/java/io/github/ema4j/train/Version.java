// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;
import picocli.CommandLine.IVersionProvider;

/** What a report of a fault should say. The native library is named by the first line of a run. */
final class Version implements IVersionProvider {

  @Override
  public String[] getVersion() throws IOException {
    Properties build = new Properties();
    try (InputStream in = Version.class.getResourceAsStream("build.properties")) {
      build.load(in);
    }
    return new String[] {
      "EMA4J " + build.getProperty("version"),
      "Deeplearning4j " + Environment.versionOfDeeplearning4j(),
      "Java %s, %s".formatted(Runtime.version(), System.getProperty("java.vm.name")),
      "%s %s, %s"
          .formatted(
              System.getProperty("os.name"),
              System.getProperty("os.version"),
              System.getProperty("os.arch"))
    };
  }
}
