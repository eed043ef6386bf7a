// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.internal.file;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFileTest {

  @TempDir Path directory;

  private static AtomicFile.Content text(String text) {
    return out -> out.write(text.getBytes(UTF_8));
  }

  private Set<Path> files() throws IOException {
    try (var files = Files.list(directory)) {
      return Set.copyOf(files.toList());
    }
  }

  @Test
  void makesAndReplacesAFile() throws IOException {
    Path file = directory.resolve("file");
    AtomicFile.write(file, text("one"));
    assertEquals("one", Files.readString(file));
    AtomicFile.write(file, text("two"));
    assertEquals("two", Files.readString(file));
    assertEquals(Set.of(file), files());
  }

  @Test
  void hasTheNewContentOnlyOnceItIsWhole() throws IOException {
    Path file = Files.writeString(directory.resolve("file"), "old");
    AtomicFile.write(
        file,
        out -> {
          out.write("new".getBytes(UTF_8));
          out.flush();
          assertEquals("old", Files.readString(file));
        });
    assertEquals("new", Files.readString(file));
  }

  @Test
  void acceptsANameWithoutDirectory() throws IOException {
    Path file = Path.of("atomic-file-test.tmp");
    try {
      AtomicFile.write(file, text("here"));
      assertEquals("here", Files.readString(file));
    } finally {
      Files.deleteIfExists(file);
    }
  }

  @Test
  void makesFilesAsReadableAsOthers() throws IOException {
    assumeTrue(FileSystems.getDefault().supportedFileAttributeViews().contains("posix"));
    Path file = directory.resolve("file");
    AtomicFile.write(file, text("one"));
    Path other = Files.createFile(directory.resolve("other"));

    assertEquals(Files.getPosixFilePermissions(other), Files.getPosixFilePermissions(file));
  }

  @Test
  void leavesNoLeftoverOnErrors() throws IOException {
    assertThrows(
        IOException.class,
        () ->
            AtomicFile.write(
                directory.resolve("file"),
                out -> {
                  throw new IOException("no");
                }));
    assertEquals(Set.of(), files());
  }

  @Test
  void deletesLeftoversButNotWorkInProgress() throws IOException {
    Files.writeString(directory.resolve(".ema4j-dead.tmp"), "half");
    Path file = directory.resolve("file");

    AtomicFile.write(
        file,
        out -> {
          assertTrue(files().stream().allMatch(AtomicFile::isTemporary));
          assertEquals(1, AtomicFile.deleteLeftovers(directory));
          out.write('x');
        });

    assertEquals("x", Files.readString(file));
    assertFalse(AtomicFile.isTemporary(file));
    assertEquals(Set.of(file), files());
  }
}
