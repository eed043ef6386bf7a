// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The rows of a run's summary.csv by column. */
final class Summary {
  private Summary() {}

  static List<Map<String, String>> rows(Path run) throws IOException {
    List<String> lines = Files.readAllLines(run.resolve("summary.csv"));
    String[] columns = lines.get(0).split(",");
    return lines.stream().skip(1).map(line -> row(columns, line.split(",", -1))).toList();
  }

  private static Map<String, String> row(String[] columns, String[] values) {
    Map<String, String> row = new LinkedHashMap<>();
    for (int i = 0; i < columns.length; i++) {
      row.put(columns[i], values[i]);
    }
    return row;
  }

  /** Without what depends on the clock. */
  static List<Map<String, String>> numbers(Path run) throws IOException {
    List<Map<String, String>> rows = rows(run);
    rows.forEach(row -> row.keySet().removeAll(Arrays.asList("seconds", "images_per_second")));
    return rows;
  }

  static double last(Path run, String column) throws IOException {
    List<Map<String, String>> rows = rows(run);
    return Double.parseDouble(rows.get(rows.size() - 1).get(column));
  }
}
