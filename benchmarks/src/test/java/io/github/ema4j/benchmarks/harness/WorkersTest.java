// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.benchmarks.harness;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class WorkersTest {

  @TempDir private Path directory;

  private void program(String name, String script) throws Exception {
    Path file = Files.writeString(directory.resolve(name), script);
    assertTrue(file.toFile().setExecutable(true));
  }

  @Test
  void whatIsNotOnThePathIsLeftOutWithAReason() {
    Workers workers = new Workers(directory, directory.toString());
    List<String> missing = workers.missing();
    assertEquals(2, missing.size());
    assertEquals("No ceiling in C: there is no gcc on the PATH.", missing.get(0));
    assertTrue(missing.get(1).startsWith("No comparison with PyTorch"), missing.get(1));
    assertTrue(workers.ceiling().isEmpty());
    assertTrue(workers.torch().isEmpty());
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void compilerThatFailsIsLeftOutWithAReason() throws Exception {
    program("gcc", "#!/bin/sh\nexit 1\n");
    Workers workers = new Workers(directory, directory.toString());
    assertEquals(
        "No ceiling in C: gcc could not compile it, see gcc.log.", workers.missing().get(0));
    assertTrue(workers.ceiling().isEmpty());
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void firstPythonWithPyTorchIsTaken() throws Exception {
    program("python3", "#!/bin/sh\nexit 1\n");
    program(
        "python",
        "#!/bin/sh\n[ \"$2\" = 'import torch' ] && exit 0\nread line\necho \"= got $line\"\n");
    Workers workers = new Workers(directory, directory.toString());
    assertEquals(1, workers.missing().size(), "only the compiler");
    try (Worker torch = workers.torch().orElseThrow()) {
      assertEquals("got arrays 5", torch.ask("arrays", 5));
    }
  }

  @Test
  void threadsGoFromAllCoresToOne() {
    assertEquals(Machine.cores(), Workers.threadCounts().get(0));
    assertEquals(1, Workers.threadScale().get(0));
    assertEquals(Machine.cores(), Workers.threadScale().get(Workers.threadScale().size() - 1));
    assertEquals(Workers.threadScale().size(), Workers.threadScale().stream().distinct().count());
  }
}
