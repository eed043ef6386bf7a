// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.record;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Pieces of HTML. */
final class Html {
  private Html() {}

  /** Text as it should read, whatever characters it has. */
  static String text(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;")
        .replace("'", "&#39;");
  }

  /** Names and values in two columns. */
  static String table(Map<String, String> values) {
    return values.entrySet().stream()
        .map(e -> "<tr><th>%s<td>%s\n".formatted(text(e.getKey()), text(e.getValue())))
        .collect(Collectors.joining("", "<table class=\"names\">\n", "</table>\n"));
  }

  /** A head and rows below it. */
  static String table(List<String> head, List<List<String>> rows) {
    return "<table>\n<thead>"
        + row("th", head)
        + "<tbody>\n"
        + rows.stream().map(cells -> row("td", cells)).collect(Collectors.joining())
        + "</table>\n";
  }

  private static String row(String element, List<String> cells) {
    return cells.stream()
        .map(cell -> "<" + element + ">" + text(cell))
        .collect(Collectors.joining("", "<tr>", "\n"));
  }
}
