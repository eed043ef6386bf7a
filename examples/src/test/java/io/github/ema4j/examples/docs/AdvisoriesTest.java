// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What docs/security.md says of versions is what the build uses. */
class AdvisoriesTest {

  private static final Pattern MANAGED =
      Pattern.compile(
          "<groupId>([^<]+)</groupId>\\s*<artifactId>([^<]+)</artifactId>\\s*<version>([0-9][^<]*)</version>");

  /** Library, brought, advisory, fixed in, used here. */
  private static final Pattern ROW =
      Pattern.compile(
          "(?m)^\\| ([A-Z][\\w ]+?) \\| ([\\d.]+) \\| CVE[^|]+\\| ([\\d.]+) \\| ([\\d.]+) \\|$");

  private static final Pattern BROUGHT =
      Pattern.compile(
          "(Jackson|picocli|Thumbnailator|FreeMarker|Commons Text|Logback) ([0-9.]*[0-9])");

  private static final String BEGIN = "<dependencyManagement>";
  private static final String END = "</dependencyManagement>";

  private static Map<String, String> managed(String text) {
    Map<String, String> versions = new TreeMap<>();
    Matcher matcher = MANAGED.matcher(text.substring(text.indexOf(BEGIN), text.indexOf(END)));
    while (matcher.find()) {
      versions.put(matcher.group(2), matcher.group(3));
    }
    return versions;
  }

  @Test
  void overridesAreThoseOfTheBuildAndNotOlderThanTheFix() throws IOException {
    Map<String, String> build = managed(Files.readString(Path.of("..", "pom.xml")));
    String page = Files.readString(Path.of("..", "docs", "security.md"));

    Map<String, String> copied = managed(page);
    assertFalse(copied.isEmpty());
    copied.forEach((artifact, version) -> assertEquals(build.get(artifact), version, artifact));

    int rows = 0;
    for (Matcher row = ROW.matcher(page); row.find(); rows++) {
      String artifact =
          row.group(1).toLowerCase(Locale.ROOT).replace(' ', '-').replace("-lang", "-lang3");
      assertEquals(build.get(artifact), row.group(4), artifact);
      assertTrue(copied.containsKey(artifact), artifact);
      assertTrue(
          Arrays.compare(numbers(row.group(4)), numbers(row.group(3))) >= 0,
          () -> artifact + " is older than the fix");
    }
    assertEquals(5, rows);
  }

  @Test
  void whatTrainBringsHasTheVersionsOfTheBuild() throws IOException {
    String page = Files.readString(Path.of("..", "docs", "security.md"));
    String poms =
        Files.readString(Path.of("..", "pom.xml"))
            + Files.readString(Path.of("..", "ema-train", "pom.xml"));
    String section =
        page.substring(page.indexOf("### What EMA4J brings"), page.indexOf("### What Deepl"));

    int named = 0;
    for (Matcher library = BROUGHT.matcher(section); library.find(); named++) {
      String artifact = library.group(1).toLowerCase(Locale.ROOT).replace(' ', '-');
      String version = Pattern.quote(library.group(2)) + "<";
      assertTrue(
          Pattern.compile(
                  "<"
                      + artifact
                      + ".version>"
                      + version
                      + "|>"
                      + artifact
                      + "</artifactId>[^/]*<version>"
                      + version)
              .matcher(poms)
              .find(),
          library.group());
    }
    assertEquals(7, named, "five libraries, and two of them in the table again");
  }

  private static int[] numbers(String version) {
    return Arrays.stream(version.split("\\.")).mapToInt(Integer::parseInt).toArray();
  }
}
