// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.StreamCapabilities;

/**
 * The checkpoints of one run in a directory of any file system that Hadoop knows, one file each.
 *
 * <p>A file is written under a temporary name and then renamed to a name that no file had before:
 * in HDFS and on local disks that is one step, and on object stores the name appears once the
 * content is whole. So every file with the name of a checkpoint is complete.
 */
final class CheckpointStore {

  private static final Pattern NAME = Pattern.compile("round-(\\d+)\\.zip");
  private static final String TEMPORARY_PREFIX = ".ema4j-";
  private static final String TEMPORARY_SUFFIX = ".tmp";

  /** Writes the content of a file. */
  @FunctionalInterface
  interface Content {
    /** Writes to the stream without closing it. */
    void writeTo(OutputStream out) throws IOException;
  }

  private final FileSystem files;
  private final Path directory;
  private final int keepLast;

  /**
   * Opens the directory, and makes it if it is not there.
   *
   * @throws IllegalArgumentException if it is in no file system that Hadoop can reach
   */
  CheckpointStore(String directory, int keepLast, Configuration hadoop) {
    this.keepLast = keepLast;
    try {
      Path path = new Path(directory);
      FileSystem found = path.getFileSystem(hadoop);
      // Hadoop keeps a file of checksums beside every local file, and two files are not replaced in
      // one step. A checkpoint has its own checksums.
      files = found instanceof LocalFileSystem local ? local.getRawFileSystem() : found;
      this.directory = files.makeQualified(path);
      files.mkdirs(this.directory);
      deleteLeftovers();
    } catch (IOException | IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "Checkpoints cannot be kept in '%s': %s. Give a directory that the driver can write, such as hdfs://host/runs/7"
              .formatted(directory, e.getMessage()),
          e);
    }
  }

  private void deleteLeftovers() throws IOException {
    for (FileStatus status : files.listStatus(directory)) {
      String name = status.getPath().getName();
      if (name.startsWith(TEMPORARY_PREFIX) && name.endsWith(TEMPORARY_SUFFIX)) {
        files.delete(status.getPath(), false);
      }
    }
  }

  /** The newest checkpoint. */
  Optional<Path> last() throws IOException {
    return newestFirst().stream().findFirst();
  }

  /** All checkpoints. */
  List<Path> newestFirst() throws IOException {
    List<Path> found = new ArrayList<>();
    for (FileStatus status : files.listStatus(directory)) {
      if (NAME.matcher(status.getPath().getName()).matches()) {
        found.add(status.getPath());
      }
    }
    found.sort(Comparator.comparingLong(CheckpointStore::round).reversed());
    return found;
  }

  private static long round(Path file) {
    Matcher matcher = NAME.matcher(file.getName());
    return matcher.matches() ? Long.parseLong(matcher.group(1)) : -1;
  }

  /**
   * Writes the checkpoint of a round, and deletes those that are too old to keep.
   *
   * @throws IOException if that fails; the checkpoints so far are as they were
   */
  void save(long round, Content content) throws IOException {
    Path temporary = new Path(directory, TEMPORARY_PREFIX + UUID.randomUUID() + TEMPORARY_SUFFIX);
    Path file = new Path(directory, "round-%08d.zip".formatted(round));
    try {
      try (FSDataOutputStream out = files.create(temporary, false)) {
        content.writeTo(out);
        if (out.hasCapability(StreamCapabilities.HSYNC)) {
          out.hsync();
        }
      }
      if (!files.rename(temporary, file)) {
        throw new IOException("%s could not be renamed to %s".formatted(temporary, file));
      }
    } catch (IOException | RuntimeException | Error e) {
      try {
        files.delete(temporary, false);
      } catch (IOException suppressed) {
        e.addSuppressed(suppressed);
      }
      throw e;
    }
    for (Path old : newestFirst().stream().skip(keepLast).toList()) {
      files.delete(old, false);
    }
  }

  /** A local copy of a checkpoint, to be deleted by the caller. */
  java.nio.file.Path download(Path file) throws IOException {
    java.nio.file.Path local = Files.createTempFile("ema4j-", ".zip");
    try (InputStream in = files.open(file)) {
      Files.copy(in, local, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException | RuntimeException | Error e) {
      Files.deleteIfExists(local);
      throw e;
    }
    return local;
  }

  @Override
  public String toString() {
    return directory.toString();
  }
}
