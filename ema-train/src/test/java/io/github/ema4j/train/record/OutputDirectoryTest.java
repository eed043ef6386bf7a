// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.record;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutputDirectoryTest {

  @TempDir Path directory;

  @Test
  void itIsMadeWithThoseAboveItAndMayBeThere() throws IOException {
    Path output = directory.resolve("a/b/c");
    OutputDirectory.prepare(output);
    assertTrue(Files.isDirectory(output));
    Path file = Files.createFile(output.resolve("file"));
    OutputDirectory.prepare(output);
    assertTrue(Files.exists(file));
  }

  @Test
  void aFileIsNamedAndLeftAlone() throws IOException {
    Path file = Files.writeString(directory.resolve("file"), "text");
    IOException e = assertThrows(IOException.class, () -> OutputDirectory.prepare(file));
    assertEquals(file + " is a file: name a directory", e.getMessage());
    assertEquals("text", Files.readString(file));
  }

  @Test
  void whatCannotBeMadeIsNamedWithTheReason() throws IOException {
    Path below = Files.createFile(directory.resolve("file")).resolve("output");
    IOException e = assertThrows(IOException.class, () -> OutputDirectory.prepare(below));
    assertTrue(e.getMessage().startsWith("cannot create " + below + " ("), e.getMessage());
    assertFalse(e.getMessage().contains("Exception"), e.getMessage());
  }
}
