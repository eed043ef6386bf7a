// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.notebooks;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.nd4j.shade.jackson.databind.JsonNode;
import org.nd4j.shade.jackson.databind.ObjectMapper;

/**
 * The code of a Jupyter notebook (nbformat 4), and what is stored as its outputs.
 *
 * @param name of the file
 * @param outputsOf the SHA-256 of the code that the outputs are of; empty if that is not said
 * @param cells its code cells
 */
record Notebook(String name, String outputsOf, List<Cell> cells) {

  /** Commands to one kernel, which others do not know: {@code %dependency}, {@code /resolve}. */
  private static final Pattern MAGIC = Pattern.compile("(?m)^(%|/(?![/*]))");

  /** Where the notebook was run is nobody's business, and is elsewhere for the reader. */
  private static final Pattern PLACE =
      Pattern.compile("/(?:home|root|tmp|var|work|Users)/\\S*|[A-Z]:\\\\\\S*|localhost\\S*");

  /** What a cell can show. */
  enum Output {
    TEXT,
    IMAGE
  }

  /**
   * A code cell.
   *
   * @param number its place among all cells, from 1
   * @param source Java
   * @param shown the kinds of its stored outputs
   * @param printed the text among these
   */
  record Cell(int number, String source, Set<Output> shown, String printed) {}

  static Notebook read(Path file) throws IOException {
    JsonNode notebook = new ObjectMapper().readTree(Files.readString(file));
    List<Cell> cells = new ArrayList<>();
    int number = 0;
    for (JsonNode cell : notebook.get("cells")) {
      number++;
      if (cell.get("cell_type").asText().equals("code")) {
        Set<Output> shown = EnumSet.noneOf(Output.class);
        StringBuilder printed = new StringBuilder();
        for (JsonNode output : cell.get("outputs")) {
          boolean image = output.path("data").has("image/png");
          shown.add(image ? Output.IMAGE : Output.TEXT);
          printed.append(image ? "" : text(output.path("text")));
        }
        cells.add(new Cell(number, text(cell.get("source")), shown, printed.toString()));
      }
    }
    return new Notebook(
        file.getFileName().toString(),
        notebook.path("metadata").path("ema4j").path("outputs_of_code_sha256").asText(),
        List.copyOf(cells));
  }

  private static String text(JsonNode lines) {
    StringBuilder text = new StringBuilder();
    lines.forEach(line -> text.append(line.asText()));
    return text.toString();
  }

  /** Refuses what would not be the same for every reader. */
  void requirePortable() {
    for (Cell cell : cells) {
      if (MAGIC.matcher(cell.source()).find()) {
        throw failure(cell, "has a magic, which only one kernel understands");
      }
      Matcher place = PLACE.matcher(cell.printed());
      if (place.find()) {
        throw failure(cell, "has printed a place on one machine: " + place.group());
      }
    }
  }

  /**
   * Refuses outputs that are not those of the code.
   *
   * @param shown what each code cell shows when it is run
   */
  void requireOutputsInStep(List<Set<Output>> shown) {
    for (int i = 0; i < cells.size(); i++) {
      Cell cell = cells.get(i);
      if (!cell.shown().equals(shown.get(i))) {
        throw failure(
            cell,
            "shows %s, but stored is %s: run .ci/notebooks --store"
                .formatted(shown.get(i), cell.shown()));
      }
    }
    if (!outputsOf.equals(sha256OfCode())) {
      throw new AssertionError(
          name + ": the stored outputs are those of other code: run .ci/notebooks --store");
    }
  }

  /** As .ci/execute_notebooks.py computes it. */
  private String sha256OfCode() {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (Cell cell : cells) {
        digest.update((cell.source() + "\0").getBytes(StandardCharsets.UTF_8));
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java has it
    }
  }

  AssertionError failure(Cell cell, String what) {
    return new AssertionError("%s, cell %d %s".formatted(name, cell.number(), what));
  }
}
