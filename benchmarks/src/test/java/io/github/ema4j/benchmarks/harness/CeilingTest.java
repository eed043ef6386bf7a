// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.benchmarks.harness;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The C program, where there is a compiler for it. */
class CeilingTest {

  @TempDir private Path directory;

  private Workers workers;

  @BeforeEach
  void compile() {
    workers = new Workers(directory, System.getenv("PATH"));
    Assumptions.assumeTrue(workers.ceiling().isPresent(), "no gcc on this machine");
  }

  @Test
  void itsArraysLieWhereTheyAreAskedForWithinAPage() {
    try (Worker ceiling = workers.ceiling().orElseThrow()) {
      for (String places : List.of("16 16", "0 0", "368 2144", "4092 4")) {
        assertEquals(places, ceiling.ask("arrays", 1000, places));
        for (int threads : new int[] {1, 2}) {
          for (String where : List.of("", "-aligned")) {
            assertEquals(
                "0.999949992 0.999949992 0.999949992",
                ceiling.ask("verify", "lerp" + where, threads));
            assertEquals("0.5 0.5 0.5", ceiling.ask("verify", "swap" + where, threads));
          }
        }
      }
    }
  }

  @Test
  void otherPlacesAreRefused() {
    try (Worker ceiling = workers.ceiling().orElseThrow()) {
      for (String places : List.of("", "16", "-4 0", "0 4096", "2 0")) {
        assertThrows(WorkerException.class, () -> ceiling.ask("arrays", 1000, places), places);
      }
    }
  }
}
