// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.benchmarks.harness;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** A table in Markdown, aligned so that it can be read as plain text too. */
public final class MarkdownTable {

  private final List<List<String>> rows = new ArrayList<>();

  /**
   * Starts a table.
   *
   * @param columns their headings
   */
  public MarkdownTable(String... columns) {
    rows.add(List.of(columns));
  }

  /**
   * Adds a row.
   *
   * @param cells as many as columns
   * @return this
   */
  public MarkdownTable row(Object... cells) {
    if (cells.length != rows.get(0).size()) {
      throw new IllegalArgumentException(
          "A row of %d columns was given %d cells: %s"
              .formatted(rows.get(0).size(), cells.length, Arrays.toString(cells)));
    }
    rows.add(Arrays.stream(cells).map(String::valueOf).toList());
    return this;
  }

  @Override
  public String toString() {
    int columns = rows.get(0).size();
    int[] widths =
        IntStream.range(0, columns)
            .map(
                i ->
                    Math.max(3, rows.stream().mapToInt(row -> row.get(i).length()).max().orElse(0)))
            .toArray();
    StringBuilder text = new StringBuilder(line(rows.get(0), widths));
    text.append(
        IntStream.range(0, columns)
            .mapToObj(
                i -> i == 0 ? ":" + "-".repeat(widths[i] - 1) : "-".repeat(widths[i] - 1) + ":")
            .collect(Collectors.joining(" | ", "| ", " |\n")));
    rows.stream().skip(1).map(row -> line(row, widths)).forEach(text::append);
    return text.toString();
  }

  private static String line(List<String> cells, int[] widths) {
    return IntStream.range(0, widths.length)
        .mapToObj(
            i -> {
              String space = " ".repeat(widths[i] - cells.get(i).length());
              return i == 0 ? cells.get(i) + space : space + cells.get(i);
            })
        .collect(Collectors.joining(" | ", "| ", " |\n"));
  }
}
