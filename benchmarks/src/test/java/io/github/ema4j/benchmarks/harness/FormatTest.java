// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.benchmarks.harness;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FormatTest {

  @Test
  void numbersHaveThreeDigits() {
    assertEquals("0.00123", Format.digits(0.0012345));
    assertEquals("1.23", Format.digits(1.2345));
    assertEquals("12.3", Format.digits(12.345));
    assertEquals("123", Format.digits(123.45));
    assertEquals("12345", Format.digits(12345));
    assertEquals("0", Format.digits(0));
    assertEquals("1.50", Format.ms(1_500_000));
  }

  @Test
  void sizesAreInMillionsWhereTheyAreRound() {
    assertEquals("25.6M", Format.size(25_600_000));
    assertEquals("100M", Format.size(100_000_000));
    assertEquals("0.1M", Format.size(100_000));
    assertEquals("3000017", Format.size(3_000_017));
    assertEquals("1000", Format.size(1000));
  }

  @Test
  void tableIsAlignedMarkdown() {
    assertEquals(
        """
        | Name | value |
        | :--- | ----: |
        | a    |     1 |
        | long |  2.50 |
        """,
        new MarkdownTable("Name", "value").row("a", 1).row("long", "2.50").toString());
  }

  @Test
  void rowOfAnotherLengthIsRefused() {
    MarkdownTable table = new MarkdownTable("Name", "value");
    assertThrows(IllegalArgumentException.class, () -> table.row("a"));
  }

  @Test
  void cachesAreThoseForData(@TempDir Path directory) throws Exception {
    String[][] caches = {
      {"1", "Data", "32K"}, {"1", "Instruction", "64K"}, {"2", "Unified", "1024K"}
    };
    for (int i = 0; i < caches.length; i++) {
      Path cache = Files.createDirectory(directory.resolve("index" + i));
      Files.writeString(cache.resolve("level"), caches[i][0] + "\n");
      Files.writeString(cache.resolve("type"), caches[i][1] + "\n");
      Files.writeString(cache.resolve("size"), caches[i][2] + "\n");
    }
    assertEquals(List.of("L1 32K", "L2 1024K"), Machine.caches(directory));
    assertEquals(List.of(), Machine.caches(directory.resolve("none")));
  }
}
