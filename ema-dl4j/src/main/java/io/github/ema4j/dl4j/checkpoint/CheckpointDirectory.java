// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.checkpoint;

import io.github.ema4j.core.internal.file.AtomicFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.deeplearning4j.optimize.listeners.Checkpoint;

/**
 * The checkpoints in a directory, under the names and with the index that Deeplearning4j's
 * CheckpointListener gives them, so that its static methods find them too.
 *
 * <p>A checkpoint enters the index before its file is written, and leaves it after the file was
 * deleted: at every moment, the index names all files, and a name without a file means nothing.
 */
final class CheckpointDirectory {

  private static final String INDEX = "checkpointInfo.txt";
  private static final Pattern FILE =
      Pattern.compile("checkpoint_(\\d{1,9})_(MultiLayerNetwork|ComputationGraph)\\.zip");

  private final Path directory;

  CheckpointDirectory(Path directory) {
    this.directory = directory;
  }

  Path file(Checkpoint checkpoint) {
    return directory.resolve(checkpoint.getFilename());
  }

  /** Those whose file exists, oldest first. */
  List<Checkpoint> available() throws IOException {
    Path index = directory.resolve(INDEX);
    if (!Files.exists(index)) {
      List<Path> files = files();
      if (!files.isEmpty()) {
        throw new IOException(
            "%s has %d checkpoints, but their index %s is missing. Restore one of the files by its name, or delete them"
                .formatted(directory, files.size(), INDEX));
      }
      return List.of();
    }
    List<String> lines = Files.readAllLines(index, StandardCharsets.UTF_8);
    List<Checkpoint> available = new ArrayList<>();
    for (String line : lines.subList(Math.min(1, lines.size()), lines.size())) {
      Checkpoint checkpoint = parse(index, line);
      if (Files.exists(file(checkpoint))) {
        available.add(checkpoint);
      }
    }
    return available;
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
      Matcher matcher = FILE.matcher(file.getFileName().toString());
      if (matcher.matches()) {
        number = Math.max(number, Integer.parseInt(matcher.group(1)) + 1);
      }
    }
    return new Checkpoint(
        number,
        System.currentTimeMillis(),
        iteration,
        epoch,
        type,
        "checkpoint_%d_%s.zip".formatted(number, type));
  }

  /** Adds a checkpoint to the index, whose file is written next. */
  void announce(Checkpoint checkpoint) throws IOException {
    List<String> lines = new ArrayList<>();
    lines.add(Checkpoint.getFileHeader());
    for (Checkpoint earlier : available()) {
      lines.add(earlier.toFileString());
    }
    lines.add(checkpoint.toFileString());
    byte[] text = (String.join("\n", lines) + "\n").getBytes(StandardCharsets.UTF_8);
    AtomicFile.write(directory.resolve(INDEX), out -> out.write(text));
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

  /** Deletes all checkpoints and the index. */
  void clear() throws IOException {
    for (Path file : files()) {
      Files.delete(file);
    }
    Files.deleteIfExists(directory.resolve(INDEX));
  }
}
