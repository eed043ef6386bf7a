// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.checkpoint;

import io.github.ema4j.core.internal.file.AtomicFile;
import io.github.ema4j.dl4j.EmaCheckpointException;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.deeplearning4j.optimize.listeners.Checkpoint;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The checkpoints in a directory, under the names and with the index that Deeplearning4j's
 * CheckpointListener gives them, so that its static methods find them too.
 *
 * <p>A checkpoint enters the index before its file is written, and leaves it after the file was
 * deleted: at every moment, the index names all files, and a name without a file means nothing.
 */
final class CheckpointDirectory {

  private static final Logger log = LoggerFactory.getLogger(CheckpointDirectory.class);

  private static final String INDEX = "checkpointInfo.txt";
  private static final Pattern FILE =
      Pattern.compile("checkpoint_(\\d{1,9})_(MultiLayerNetwork|ComputationGraph)\\.zip");

  private final Path directory;

  /** The index as this writer left it; null before it has begun. */
  private List<String> index;

  CheckpointDirectory(Path directory) {
    this.directory = directory;
  }

  Path file(Checkpoint checkpoint) {
    return directory.resolve(checkpoint.getFilename());
  }

  /**
   * Begins to write: from now on nobody else does.
   *
   * @return those that are there
   */
  List<Checkpoint> begin() throws IOException {
    index = lines();
    return available();
  }

  /** Those whose file exists, oldest first. */
  List<Checkpoint> available() throws IOException {
    List<Path> files = files(); // first, as a checkpoint enters the index before its file is there
    List<String> lines = lines();
    if (lines.isEmpty() && !files.isEmpty()) {
      throw new IOException(
          "%s has %d checkpoints, but their index %s is missing or empty. Restore one of the files by its name, or delete them"
              .formatted(directory, files.size(), INDEX));
    }
    List<Checkpoint> available = new ArrayList<>();
    for (String line : lines.subList(Math.min(1, lines.size()), lines.size())) {
      Checkpoint checkpoint = parse(directory.resolve(INDEX), line);
      files.remove(file(checkpoint));
      if (Files.exists(file(checkpoint))) {
        available.add(checkpoint);
      }
    }
    if (!files.isEmpty()) {
      throw new IOException(
          "%s has checkpoints that their index %s does not name: %s. Restore one of the files by its name, or move them elsewhere"
              .formatted(directory, INDEX, files.stream().map(Path::getFileName).toList()));
    }
    return available;
  }

  /** The newest whose file exists. */
  Optional<Checkpoint> last() throws IOException {
    List<Checkpoint> available = available();
    return available.isEmpty()
        ? Optional.empty()
        : Optional.of(available.get(available.size() - 1));
  }

  /** The file of the newest; empty also if there is no such directory. */
  Optional<Path> lastFile() throws IOException {
    return Files.notExists(directory) ? Optional.empty() : last().map(this::file);
  }

  /** The newest file that is not damaged; empty also if there is no such directory. */
  Optional<Path> lastIntactFile() throws IOException {
    if (Files.notExists(directory)) {
      return Optional.empty();
    }
    List<Checkpoint> available = available();
    for (int i = available.size() - 1; i >= 0; i--) {
      Path file = file(available.get(i));
      try {
        EmaCheckpoint.verify(file);
        return Optional.of(file);
      } catch (EmaCheckpointException e) {
        log.warn("Passing over a damaged checkpoint: {}", e.getMessage());
      }
    }
    return Optional.empty();
  }

  /** Of the index, the first of which is its header; empty if there is none. */
  private List<String> lines() throws IOException {
    Path file = directory.resolve(INDEX);
    try {
      return Files.exists(file) ? Files.readAllLines(file, StandardCharsets.UTF_8) : List.of();
    } catch (CharacterCodingException e) {
      throw new IOException(file + " is damaged: it is not text", e);
    }
  }

  private static Checkpoint parse(Path index, String line) throws IOException {
    try {
      Checkpoint checkpoint = Checkpoint.fromFileString(line);
      if (FILE.matcher(checkpoint.getFilename()).matches()) {
        return checkpoint;
      }
    } catch (IllegalArgumentException | IllegalStateException e) {
      throw new IOException("%s: cannot read the line '%s'".formatted(index, line), e);
    }
    throw new IOException(
        "%s: the line '%s' does not name a file of a checkpoint".formatted(index, line));
  }

  /** The files of checkpoints, indexed or not. */
  private List<Path> files() throws IOException {
    List<Path> files = new ArrayList<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(directory)) {
      for (Path file : all) {
        if (FILE.matcher(file.getFileName().toString()).matches()) {
          files.add(file);
        }
      }
    }
    return files;
  }

  /** Describes the next checkpoint, with a number above all that are indexed or have a file. */
  Checkpoint next(String type, int iteration, int epoch) throws IOException {
    int number = 0;
    for (Checkpoint checkpoint : available()) {
      number = Math.max(number, checkpoint.getCheckpointNum() + 1);
    }
    for (Path file : files()) {
      number = Math.max(number, number(file) + 1);
    }
    return new Checkpoint(
        number,
        System.currentTimeMillis(),
        iteration,
        epoch,
        type,
        "checkpoint_%d_%s.zip".formatted(number, type));
  }

  /**
   * Adds a checkpoint to the index, whose file is written next.
   *
   * @throws IOException also if somebody else has written to the index meanwhile
   */
  void announce(Checkpoint checkpoint) throws IOException {
    if (index != null && !index.equals(lines())) {
      throw new IOException(
          "Another run writes checkpoints to %s too: give each run a directory of its own"
              .formatted(directory));
    }
    List<String> lines = new ArrayList<>();
    lines.add(Checkpoint.getFileHeader());
    for (Checkpoint earlier : available()) {
      lines.add(earlier.toFileString());
    }
    lines.add(checkpoint.toFileString());
    byte[] text = (String.join("\n", lines) + "\n").getBytes(StandardCharsets.UTF_8);
    AtomicFile.write(directory.resolve(INDEX), out -> out.write(text));
    index = lines;
  }

  /** Deletes the files of checkpoints that need not be kept. */
  void prune(Retention retention) throws IOException {
    List<Checkpoint> available = available();
    for (int i = 0; i < available.size(); i++) {
      Checkpoint checkpoint = available.get(i);
      if (!retention.keeps(checkpoint.getCheckpointNum(), available.size() - i)) {
        Files.delete(file(checkpoint));
      }
    }
  }

  /**
   * Where a checkpoint is damaged, the newest one before it that is not: found by their names, as
   * the index may be what is missing.
   *
   * @param damaged the file; need not be one of a directory of checkpoints
   * @return empty if there is none
   */
  static Optional<Path> lastIntactBefore(Path damaged) {
    Matcher name = FILE.matcher(damaged.getFileName().toString());
    if (!name.matches()) {
      return Optional.empty();
    }
    int number = Integer.parseInt(name.group(1));
    try {
      return new CheckpointDirectory(damaged.toAbsolutePath().getParent())
          .files().stream()
              .filter(file -> number(file) < number)
              .sorted(Comparator.comparingInt(CheckpointDirectory::number).reversed())
              .filter(CheckpointDirectory::isIntact)
              .findFirst();
    } catch (IOException e) {
      log.debug("Looking for an earlier checkpoint than {}", damaged, e);
      return Optional.empty();
    }
  }

  private static int number(Path file) {
    Matcher name = FILE.matcher(file.getFileName().toString());
    return name.matches() ? Integer.parseInt(name.group(1)) : -1;
  }

  private static boolean isIntact(Path file) {
    try {
      EmaCheckpoint.verify(file);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /** Deletes all checkpoints and the index. */
  void clear() throws IOException {
    for (Path file : files()) {
      Files.delete(file);
    }
    Files.deleteIfExists(directory.resolve(INDEX));
  }
}
