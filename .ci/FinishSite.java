// SPDX-License-Identifier: Apache-2.0
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Finishes a site that Maven has made, and checks it: java FinishSite.java DIRECTORY.
 *
 * <p>Headings get the anchors that GitHub gives them, since Maven gives them none. Then every file
 * and every anchor that is linked to must be there, and no page may load anything from the network.
 * Links to other sites are not followed. What javadoc has generated it has checked itself.
 */
class FinishSite {

  private static final Pattern HEADING = Pattern.compile("<h([1-6])>(.*?)</h\\1>", Pattern.DOTALL);
  private static final Pattern LINK = Pattern.compile("<a\\s[^>]*?href=\"([^\"]*)\"");
  private static final Pattern LOADED =
      Pattern.compile("<(?:img|script|link|iframe)\\s[^>]*?(?:src|href)=\"([^\"]*)\"");
  private static final Pattern ANCHOR = Pattern.compile("\\s(?:id|name)=\"([^\"]*)\"");
  private static final Pattern REMOTE = Pattern.compile("(?:[a-z]+:|//).*");

  private final Map<Path, Set<String>> anchors = new HashMap<>();
  private final List<String> broken = new ArrayList<>();
  private int checked;

  public static void main(String[] args) throws IOException {
    Path site = Path.of(args[0]).toRealPath();
    List<Path> pages;
    try (Stream<Path> files = Files.walk(site)) {
      pages =
          files
              .filter(file -> file.toString().endsWith(".html"))
              .filter(file -> !file.startsWith(site.resolve("apidocs")))
              .sorted()
              .toList();
    }
    for (Path page : pages) {
      Files.writeString(page, withAnchors(Files.readString(page)));
    }
    FinishSite links = new FinishSite();
    for (Path page : pages) {
      links.check(site, page);
    }
    links.broken.forEach(System.err::println);
    System.out.printf(
        "%d pages, %d links, %d broken%n", pages.size(), links.checked, links.broken.size());
    System.exit(links.broken.isEmpty() && links.checked > 0 ? 0 : 1);
  }

  private static String withAnchors(String html) {
    Map<String, Integer> seen = new HashMap<>();
    return HEADING
        .matcher(html)
        .replaceAll(
            heading -> {
              String anchor = anchor(heading.group(2));
              int before = seen.merge(anchor, 1, Integer::sum) - 1;
              return Matcher.quoteReplacement(
                  "<h%1$s id=\"%2$s%3$s\">%4$s</h%1$s>"
                      .formatted(
                          heading.group(1),
                          anchor,
                          before == 0 ? "" : "-" + before,
                          heading.group(2)));
            });
  }

  /** By GitHub's rules: small letters, digits and hyphens for spaces. */
  private static String anchor(String heading) {
    return heading
        .replaceAll("<[^>]*>", "")
        .replaceAll("&[a-z0-9#]+;", "")
        .strip()
        .toLowerCase(Locale.ROOT)
        .replaceAll("[^\\p{L}\\p{N} _-]", "")
        .replace(' ', '-');
  }

  private void check(Path site, Path page) throws IOException {
    String html = Files.readString(page);
    for (String loaded : found(LOADED, html)) {
      if (REMOTE.matcher(loaded).matches() && !loaded.startsWith("data:")) {
        broken.add(site.relativize(page) + " loads " + loaded);
      } else if (!loaded.startsWith("data:")) {
        require(site, page, loaded);
      }
    }
    for (String link : found(LINK, html)) {
      if (!REMOTE.matcher(link).matches()) {
        require(site, page, link);
      }
    }
  }

  private void require(Path site, Path page, String link) throws IOException {
    checked++;
    String[] parts = URLDecoder.decode(link, StandardCharsets.UTF_8).split("#", 2);
    String path = parts[0].split("\\?", 2)[0];
    Path target = path.isEmpty() ? page : page.resolveSibling(path).normalize();
    if (!target.startsWith(site) || !Files.exists(target)) {
      broken.add(site.relativize(page) + " links to " + link);
    } else if (parts.length == 2 && !parts[1].isEmpty() && !anchorsOf(target).contains(parts[1])) {
      broken.add(site.relativize(page) + " links to a heading that is not there: " + link);
    }
  }

  private Set<String> anchorsOf(Path page) throws IOException {
    Set<String> known = anchors.get(page);
    if (known == null) {
      known = new HashSet<>(found(ANCHOR, Files.readString(page)));
      anchors.put(page, known);
    }
    return known;
  }

  private static List<String> found(Pattern pattern, String text) {
    return pattern.matcher(text).results().map(match -> match.group(1)).toList();
  }
}
