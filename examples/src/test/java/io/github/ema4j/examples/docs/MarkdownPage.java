// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.docs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * A page of the documentation: its links, and what can be linked to in it.
 *
 * @param file where it is
 * @param prose its text without blocks of code
 */
record MarkdownPage(Path file, String prose) {

  private static final Pattern FENCED = Pattern.compile("(?ms)^```.*?^```$");
  private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s]+)\\)");
  private static final Pattern HEADING = Pattern.compile("(?m)^#+ +(.*)$");
  private static final Pattern REMOTE = Pattern.compile("^[a-z]+:.*");

  static MarkdownPage read(Path file) throws IOException {
    return new MarkdownPage(file, FENCED.matcher(Files.readString(file)).replaceAll(""));
  }

  /** The targets of links to files of this repository, as they are written. */
  List<String> localLinks() {
    return LINK.matcher(prose)
        .results()
        .map(link -> link.group(1))
        .filter(target -> !REMOTE.matcher(target).matches())
        .toList();
  }

  /** What follows the # in links to the headings, by GitHub's rules. */
  List<String> anchors() {
    Map<String, Integer> seen = new HashMap<>();
    List<String> anchors = new ArrayList<>();
    for (MatchResult heading : HEADING.matcher(prose).results().toList()) {
      String anchor =
          heading
              .group(1)
              .replaceAll("\\[([^]]*)]\\([^)]*\\)", "$1")
              .toLowerCase(Locale.ROOT)
              .replaceAll("[^\\p{L}\\p{N} _-]", "")
              .replace(' ', '-');
      int before = seen.merge(anchor, 1, Integer::sum) - 1;
      anchors.add(before == 0 ? anchor : anchor + "-" + before);
    }
    return anchors;
  }

  /**
   * Whether a link of this page leads somewhere.
   *
   * @param target a path, an #anchor, or both
   */
  boolean leadsSomewhere(String target) throws IOException {
    String[] parts = target.split("#", 2);
    Path to = parts[0].isEmpty() ? file : file.resolveSibling(parts[0]);
    return Files.exists(to) && (parts.length == 1 || read(to).anchors().contains(parts[1]));
  }
}
