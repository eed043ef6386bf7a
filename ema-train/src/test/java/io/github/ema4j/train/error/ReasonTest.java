// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.error;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.EOFException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import org.junit.jupiter.api.Test;

class ReasonTest {

  @Test
  void isInWordsWithoutNamesOfJava() {
    NoSuchFileException missing = new NoSuchFileException("/proc/x");
    assertEquals("there is no such file or folder", Reason.of(missing));
    assertEquals("there is no such file or folder", Reason.of(new IOException("around", missing)));
    assertEquals("permission denied", Reason.of(new AccessDeniedException("/root")));
    assertEquals("disk full", Reason.of(new FileSystemException("/x", null, "disk full")));
    assertEquals("input or output failed", Reason.of(new EOFException()));
  }
}
