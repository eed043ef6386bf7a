// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import io.github.ema4j.core.internal.file.AtomicFile;
import io.github.ema4j.train.error.Reason;
import io.github.ema4j.train.error.UserError;
import io.github.ema4j.train.models.ImageShape;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Comparator;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The folder of one run and the places of its files.
 *
 * @param path an existing folder
 */
record RunDirectory(Path path) {
  private static final String LOCK = ".lock";
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT);

  /** What a run has made before its settings are there. */
  private static final Set<String> BEFORE_SETTINGS = Set.of("checkpoints", LOCK);

  /** The folder of a run, the one of its checkpoints, and the file in that. */
  private static final int DEPTH = 3;

  Path settings() {
    return path.resolve("settings.json");
  }

  Path history() {
    return path.resolve("log.jsonl");
  }

  Path report() {
    return path.resolve("report.html");
  }

  /** Checkpoints of the epochs, and the best networks. */
  Path checkpoints() {
    return path.resolve("checkpoints");
  }

  /** The averaged network at the end of the run. */
  Path averaged() {
    return path.resolve("averaged.zip");
  }

  /**
   * Makes the folder of a new run.
   *
   * @throws UserError if there is a run of that name, or no folder can be made
   */
  static RunDirectory create(OutputOptions options, String model, ImageShape shape) {
    try {
      Files.createDirectories(options.output());
      Path path =
          options.experiment() == null
              ? numbered(options.output(), nameOf(model, shape))
              : named(options.output().resolve(options.experiment()));
      Files.createDirectories(path.resolve("checkpoints"));
      return new RunDirectory(path);
    } catch (IOException e) {
      throw new UserError(
          "cannot make a folder in --output %s (%s): name one that can be written to"
              .formatted(options.output(), Reason.of(e)),
          e);
    }
  }

  private static String nameOf(String model, ImageShape shape) {
    return "%s-%s-%d"
        .formatted(
            LocalDateTime.now().format(TIME),
            model.replaceAll("[^A-Za-z0-9._-]", "_"),
            shape.width());
  }

  /** Two runs may start within the same second. */
  private static Path numbered(Path output, String name) throws IOException {
    for (int number = 1; ; number++) {
      Path path = output.resolve(number == 1 ? name : name + "-" + number);
      try {
        return Files.createDirectory(path);
      } catch (FileAlreadyExistsException e) {
        // try the next number
      }
    }
  }

  /**
   * Refuses a name that {@link #create} would refuse.
   *
   * @throws UserError if there is a run of that name
   */
  static void requireUnused(OutputOptions options) throws IOException {
    if (options.experiment() != null) {
      requireUnused(options.output().resolve(options.experiment()));
    }
  }

  private static void requireUnused(Path path) throws IOException {
    if (Files.exists(path) && !isUnused(path)) {
      throw new UserError(
          "%s exists: go on with it by --resume %s, or give another --experiment"
              .formatted(path, path));
    }
  }

  private static Path named(Path path) throws IOException {
    requireUnused(path);
    return Files.createDirectories(path);
  }

  /** Empty, or of a run that was killed before it began. */
  private static boolean isUnused(Path path) throws IOException {
    if (!Files.isDirectory(path)) {
      return false;
    }
    try (Stream<Path> files = Files.list(path)) {
      return files.allMatch(
          file ->
              BEFORE_SETTINGS.contains(file.getFileName().toString())
                  || AtomicFile.isTemporary(file));
    }
  }

  /**
   * The run that a file or folder belongs to.
   *
   * @return empty if to none
   */
  static Optional<RunDirectory> of(Path fileOrFolder) {
    Path path = fileOrFolder.toAbsolutePath().normalize();
    return Stream.iterate(path, Objects::nonNull, Path::getParent)
        .limit(DEPTH)
        .map(RunDirectory::new)
        .filter(run -> Files.isRegularFile(run.settings()))
        .findFirst();
  }

  /**
   * The run to go on with.
   *
   * @throws UserError if there is none
   */
  static RunDirectory toResume(OutputOptions options) throws IOException {
    if (!options.resumed().isEmpty()) {
      Path named = Path.of(options.resumed());
      if (!Files.exists(named)) {
        throw new UserError("--resume " + named + ": there is no such file or folder");
      }
      return of(named)
          .orElseThrow(
              () ->
                  new UserError(
                      "--resume %s is not (in) the folder of a run, which has a settings.json"
                          .formatted(named)));
    }
    if (options.experiment() != null) {
      Path named = options.output().resolve(options.experiment());
      return of(named)
          .filter(run -> run.path().equals(named.toAbsolutePath().normalize()))
          .orElseThrow(() -> new UserError("there is no run to resume in " + named));
    }
    return latest(options.output())
        .orElseThrow(
            () ->
                new UserError(
                    "there is no run to resume in %s: name one by --resume RUN"
                        .formatted(options.output())));
  }

  private static Optional<RunDirectory> latest(Path output) throws IOException {
    if (!Files.isDirectory(output)) {
      return Optional.empty();
    }
    try (Stream<Path> folders = Files.list(output)) {
      return folders
          .map(path -> new RunDirectory(path.toAbsolutePath().normalize()))
          .filter(run -> Files.isRegularFile(run.settings()))
          .max(Comparator.comparing(run -> run.settings().toFile().lastModified()));
    }
  }

  /**
   * Keeps other processes from training in this folder until the channel is closed or this process
   * has ended, however it ends. Deletes what a killed one has left half written.
   *
   * @throws UserError if another process does
   */
  FileChannel lock() throws IOException {
    FileChannel channel =
        FileChannel.open(path.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    if (channel.tryLock() == null) {
      channel.close();
      throw new UserError(path + " is being trained in by another process: wait, or stop it");
    }
    AtomicFile.deleteLeftovers(path);
    return channel;
  }
}
