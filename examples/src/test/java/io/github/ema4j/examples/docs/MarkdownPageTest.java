// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MarkdownPageTest {

  @TempDir Path directory;

  @Test
  void headingsBecomeAnchorsByTheRulesOfGitHub() throws IOException {
    MarkdownPage page =
        page(
            "a.md",
            """
            # Which decay?
            ## Beyond `fit`, and more
            ```sh
            # no heading
            ```
            ## See [that](b.md)
            ## Which decay?
            """);
    assertEquals(
        List.of("which-decay", "beyond-fit-and-more", "see-that", "which-decay-1"), page.anchors());
  }

  @Test
  void deadLinksAreFound() throws IOException {
    page("b.md", "# There\n");
    MarkdownPage page = page("a.md", "# Here\n[x](b.md) [y](https://example.org/a) ![z](b.md#a)\n");
    assertEquals(List.of("b.md", "b.md#a"), page.localLinks());
    assertTrue(page.leadsSomewhere("b.md"));
    assertTrue(page.leadsSomewhere("b.md#there"));
    assertTrue(page.leadsSomewhere("#here"));
    assertFalse(page.leadsSomewhere("c.md"));
    assertFalse(page.leadsSomewhere("b.md#here"));
    assertFalse(page.leadsSomewhere("#there"));
  }

  private MarkdownPage page(String name, String text) throws IOException {
    return MarkdownPage.read(Files.writeString(directory.resolve(name), text));
  }
}
