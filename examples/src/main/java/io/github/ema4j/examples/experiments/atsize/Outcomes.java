// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.experiments.atsize;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.LongStream;

/** The outcomes of one table in a directory, a file of JSON for each. */
final class Outcomes {
  static final String EMA4J = "EMA4J";
  static final String PYTORCH = "PyTorch";

  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private final Path directory;
  private final Settings settings;

  /**
   * Of one table.
   *
   * @param directory made when the first outcome is written
   * @param settings those that all outcomes there must have
   */
  Outcomes(Path directory, Settings settings) {
    this.directory = directory;
    this.settings = settings;
  }

  /**
   * The outcome of a run.
   *
   * @return empty if it has not ended yet
   * @throws IOException if its file cannot be read, or is of other settings
   */
  Optional<Outcome> read(String system, Cell cell) throws IOException {
    Path file = file(system, cell);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    Outcome outcome = JSON.readValue(file.toFile(), Outcome.class);
    if (!outcome.settings().equals(settings) || !outcome.cell().equals(cell)) {
      throw new IOException(
          "%s is of %s and %s, not of %s and %s: choose another directory by --results"
              .formatted(file, outcome.cell(), outcome.settings(), cell, settings));
    }
    return Optional.of(outcome);
  }

  /** Those of the seeds from 1 that have ended. */
  List<Outcome> read(String system, Labels labels, Method method, int seeds) throws IOException {
    List<Outcome> outcomes = new ArrayList<>();
    for (long seed : LongStream.rangeClosed(1, seeds).toArray()) {
      read(system, new Cell(labels, method, seed)).ifPresent(outcomes::add);
    }
    return outcomes;
  }

  /** Writes an outcome, whole or not at all. */
  void write(Outcome outcome) throws IOException {
    Files.createDirectories(directory);
    Path file = file(outcome.system(), outcome.cell());
    Path unfinished = file.resolveSibling(file.getFileName() + ".tmp");
    JSON.writeValue(unfinished.toFile(), outcome);
    Files.move(
        unfinished, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  private Path file(String system, Cell cell) {
    return directory.resolve(system.toLowerCase(Locale.ROOT) + "-" + cell + ".json");
  }
}
