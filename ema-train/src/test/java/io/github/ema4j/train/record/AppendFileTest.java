// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.record;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.ema4j.train.error.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AppendFileTest {
  @TempDir Path dir;

  @Test
  void goesOnWhereTheFileEnds() throws IOException {
    Path file = dir.resolve("log");
    try (AppendFile log = AppendFile.open(file)) {
      log.append("one\n".getBytes(UTF_8));
    }
    try (AppendFile log = AppendFile.open(file)) {
      log.append("two\n".getBytes(UTF_8));
      assertEquals("one\ntwo\n", Files.readString(file));
    }
  }

  @Test
  void aFullDiskIsNamedWithTheFile() {
    Path full = Path.of("/dev/full");
    assumeTrue(Files.isWritable(full), "only Linux has a device that is always full");
    try (AppendFile log = AppendFile.open(full)) {
      UserError error = assertThrows(UserError.class, () -> log.append(new byte[1]));
      assertTrue(error.getMessage().startsWith("cannot write /dev/full ("), error.getMessage());
      assertTrue(error.getMessage().contains("Is the disk full?"), error.getMessage());
    }
  }

  @Test
  void aFileThatCannotBeOpenedIsNamed() {
    UserError error = assertThrows(UserError.class, () -> AppendFile.open(dir));
    assertTrue(error.getMessage().contains(dir.toString()), error.getMessage());
  }
}
