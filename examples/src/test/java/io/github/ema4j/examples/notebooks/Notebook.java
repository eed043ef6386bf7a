// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.notebooks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.nd4j.shade.jackson.databind.JsonNode;
import org.nd4j.shade.jackson.databind.ObjectMapper;

/**
 * The code of a Jupyter notebook (nbformat 4).
 *
 * @param name of the file
 * @param cells its code cells
 */
record Notebook(String name, List<Cell> cells) {

  /** Commands to one kernel, which others do not know: {@code %dependency}, {@code /resolve}. */
  private static final Pattern MAGIC = Pattern.compile("(?m)^(%|/(?![/*]))");

  /**
   * A code cell.
   *
   * @param number its place among all cells, from 1
   * @param source Java
   * @param clean whether nothing of an execution is stored with it
   */
  record Cell(int number, String source, boolean clean) {}

  static Notebook read(Path file) throws IOException {
    List<Cell> cells = new ArrayList<>();
    int number = 0;
    for (JsonNode cell : new ObjectMapper().readTree(Files.readString(file)).get("cells")) {
      number++;
      if (cell.get("cell_type").asText().equals("code")) {
        StringBuilder source = new StringBuilder();
        cell.get("source").forEach(line -> source.append(line.asText()));
        cells.add(new Cell(number, source.toString(), isClean(cell)));
      }
    }
    return new Notebook(file.getFileName().toString(), List.copyOf(cells));
  }

  private static boolean isClean(JsonNode cell) {
    return cell.get("outputs").isEmpty() && cell.get("execution_count").isNull();
  }

  /** Refuses what would not be the same for every reader. */
  void requirePortable() {
    for (Cell cell : cells) {
      if (!cell.clean()) {
        throw failure(cell, "has a stored output or execution count: clear all outputs");
      }
      if (MAGIC.matcher(cell.source()).find()) {
        throw failure(cell, "has a magic, which only one kernel understands");
      }
    }
  }

  AssertionError failure(Cell cell, String what) {
    return new AssertionError("%s, cell %d %s".formatted(name, cell.number(), what));
  }
}
