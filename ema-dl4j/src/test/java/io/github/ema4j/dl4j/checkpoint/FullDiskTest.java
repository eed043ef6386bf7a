// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.checkpoint;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.testing.Jvm;
import io.github.ema4j.testing.dl4j.Kind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class FullDiskTest {

  @TempDir Path directory;

  @Test
  @DisabledOnOs(value = OS.WINDOWS, disabledReason = "limits the size of files with ulimit")
  void runningOutOfSpaceLeavesRunAndFileAsTheyWere() throws Exception {
    Run run = Run.start(Kind.MLP);
    run.fitIterations(0, 3);
    Path file = directory.resolve("checkpoint.zip");
    run.save(file);
    byte[] before = Files.readAllBytes(file);
    assertTrue(before.length > 2 * 1024, "larger than the limit");

    List<String> limit = List.of("bash", "-c", "ulimit -f 2; exec \"$@\"", "bash");
    Process process = Jvm.startUnder(limit, FullDisk.class, file.toString());
    String printed = new String(process.getInputStream().readAllBytes(), UTF_8);

    assertEquals(0, process.waitFor(), printed);
    assertTrue(printed.strip().endsWith(FullDisk.DONE), printed);
    assertArrayEquals(before, Files.readAllBytes(file));
    try (var files = Files.list(directory)) {
      assertEquals(List.of(file), files.toList());
    }
  }
}
