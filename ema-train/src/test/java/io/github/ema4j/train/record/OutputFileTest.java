// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.record;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutputFileTest {
  @TempDir private Path directory;

  @Test
  void replacesAnOlderFile() throws IOException {
    Path file = Files.writeString(directory.resolve("file"), "old and longer");

    OutputFile.write(file, out -> out.write('n'));

    assertEquals("n", Files.readString(file));
    assertEquals(List.of(file), files());
  }

  @Test
  void keepsTheOlderFileWhenWritingFails() throws IOException {
    Path file = Files.writeString(directory.resolve("file"), "old");

    IOException e =
        assertThrows(
            IOException.class,
            () ->
                OutputFile.write(
                    file,
                    out -> {
                      out.write('n');
                      throw new IOException("disk full");
                    }));

    assertTrue(e.getMessage().startsWith("cannot write " + file), e.getMessage());
    assertTrue(e.getMessage().endsWith("disk full"), e.getMessage());
    assertEquals("old", Files.readString(file));
    assertEquals(List.of(file), files());
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.toList();
    }
  }
}
