// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.ui;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.deeplearning4j.ui.api.UIServer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The link from the training pages, where Deeplearning4j's UI stands first on the class path. */
class NavigationLinkTest {

  /** Exits with the number of links to /ema that the training pages have, in two languages. */
  static final class CountLinks {
    private static final Pattern LINK = Pattern.compile("<a class=\"nav-link\" href=\"/ema\">");

    private CountLinks() {}

    public static void main(String[] args) throws Exception {
      String server = UIServer.getInstance().getAddress();
      long links = 0;
      for (String language : List.of("en", "ja")) {
        body(server + "/setlang/" + language);
        for (String page : List.of("overview", "model", "system")) {
          links += LINK.matcher(body(server + "/train/" + page)).results().count();
        }
      }
      System.exit((int) links);
    }

    private static String body(String url) throws Exception {
      return HttpClient.newHttpClient()
          .send(
              HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.ofString())
          .body();
    }
  }

  @Test
  void trainingPagesLinkToThePage(@TempDir Path directory) throws Exception {
    List<String> classPath = new ArrayList<>();
    List<String> ours = new ArrayList<>();
    for (String entry :
        Pattern.compile(File.pathSeparator, Pattern.LITERAL)
            .split(
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")))) {
      (new File(entry).isDirectory() ? ours : classPath).add(entry);
    }
    classPath.addAll(ours);
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                "-Dorg.deeplearning4j.ui.port=0",
                "-cp",
                String.join(File.pathSeparator, classPath),
                CountLinks.class.getName())
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("output").toFile())
            .start();
    try {
      assertTrue(process.waitFor(120, TimeUnit.SECONDS), "the server hangs");
    } finally {
      process.destroyForcibly();
    }
    assertEquals(6, process.exitValue());
  }
}
