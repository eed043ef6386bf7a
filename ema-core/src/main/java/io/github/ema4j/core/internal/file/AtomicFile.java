// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.internal.file;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes a file so that at every moment, also after a crash, it is either as before or wholly new.
 *
 * <p>The content goes to a temporary file in the same directory, is forced to disk and takes the
 * file's name in one step. The writer holds a lock on the temporary file, which the operating
 * system releases when the writer dies: so a leftover is told from work in progress.
 *
 * <p>Thread-safe: of several writers of one file the last wins, with all of its content.
 */
public final class AtomicFile {

  private static final Logger log = LoggerFactory.getLogger(AtomicFile.class);

  private static final String PREFIX = ".ema4j-";
  private static final String SUFFIX = ".tmp";
  private static final boolean WINDOWS =
      System.getProperty("os.name").toLowerCase(Locale.ROOT).startsWith("windows");

  /** What to write. */
  @FunctionalInterface
  public interface Content {
    /**
     * Writes it all.
     *
     * @param out buffered; need not be closed or flushed
     * @throws IOException if that fails
     */
    void writeTo(OutputStream out) throws IOException;
  }

  private AtomicFile() {}

  /**
   * Replaces or makes a file.
   *
   * @param file its directory must exist
   * @param content is asked once; what it throws is thrown on
   * @throws IOException if that fails; the file is as it was then
   */
  public static void write(Path file, Content content) throws IOException {
    Path directory = directoryOf(file);
    requireWritable(file, directory);
    Path temporary = directory.resolve(PREFIX + UUID.randomUUID() + SUFFIX);
    try {
      try (FileChannel channel =
              FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
          FileLock lock = lockIfPossible(channel)) {
        OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel), 1 << 16);
        content.writeTo(out);
        out.flush();
        channel.force(true);
      }
      Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException | RuntimeException | Error e) {
      try {
        Files.deleteIfExists(temporary);
      } catch (IOException suppressed) {
        e.addSuppressed(suppressed);
      }
      throw e;
    }
    force(directory);
  }

  /** The lock only serves to tidy up: files are written also where the file system has no locks. */
  private static FileLock lockIfPossible(FileChannel channel) {
    try {
      return channel.tryLock();
    } catch (IOException e) {
      log.debug("Writing a temporary file without a lock", e);
      return null;
    }
  }

  private static Path directoryOf(Path file) {
    return file.toAbsolutePath().getParent();
  }

  private static void requireWritable(Path file, Path directory) throws IOException {
    if (Files.isDirectory(file)) {
      throw new FileSystemException(
          file.toString(), null, "is a directory; give the name of a file in it");
    }
    if (directory == null || Files.notExists(directory)) {
      throw new NoSuchFileException(
          file.toString(), null, "the directory does not exist: create it first");
    }
    if (!Files.isDirectory(directory)) {
      throw new NotDirectoryException(directory.toString());
    }
    if (!Files.isWritable(directory)) {
      throw new AccessDeniedException(file.toString(), null, "the directory is not writable");
    }
  }

  /**
   * Makes the new name last; Windows has no way to, and does not need it. The file is in place by
   * now: where a directory cannot be forced, that is no failure.
   */
  private static void force(Path directory) {
    if (!WINDOWS) {
      try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
        channel.force(true);
      } catch (IOException e) {
        log.warn("The directory {} could not be forced to disk", directory, e);
      }
    }
  }

  /**
   * Whether a file is one that this class is writing, or left when its process died.
   *
   * @param file need not exist
   * @return true if its name says so
   */
  public static boolean isTemporary(Path file) {
    String name = file.getFileName().toString();
    return name.startsWith(PREFIX) && name.endsWith(SUFFIX);
  }

  /**
   * Deletes the temporary files of writers that died, in this process or another.
   *
   * @param directory where they wrote
   * @return how many
   * @throws IOException if the directory cannot be read, or a leftover not deleted
   */
  public static int deleteLeftovers(Path directory) throws IOException {
    int deleted = 0;
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, PREFIX + "*" + SUFFIX)) {
      for (Path file : files) {
        if (isAbandoned(file) && Files.deleteIfExists(file)) {
          deleted++;
        }
      }
    }
    return deleted;
  }

  private static boolean isAbandoned(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE);
        FileLock lock = lockIfPossible(channel)) {
      return lock != null;
    } catch (OverlappingFileLockException e) {
      return false; // being written by this process
    } catch (NoSuchFileException e) {
      return false; // finished meanwhile
    }
  }
}
