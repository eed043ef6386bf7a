// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** What is said of a command line that cannot be. */
class WrongOptionsTest {

  private enum Kind {
    FIRST_KIND,
    OTHER
  }

  @SuppressWarnings("UnusedVariable") // it is never run
  @Command(name = "test")
  private static final class Few implements Runnable {
    @Option(names = "--momentum")
    private double momentum;

    @Option(names = "--hflip")
    private boolean mirrored;

    @Option(names = "--kind")
    private Kind kind;

    @Override
    public void run() {
      throw new AssertionError("has to be refused");
    }
  }

  private static String said(String... line) {
    StringWriter err = new StringWriter();
    int status =
        new CommandLine(new Few())
            .setErr(new PrintWriter(err))
            .setCaseInsensitiveEnumValuesAllowed(true)
            .setParameterExceptionHandler(new WrongOptions())
            .execute(line);
    assertEquals(2, status);
    List<String> lines = err.toString().lines().toList();
    assertEquals(2, lines.size(), err::toString);
    assertEquals("--help shows the options.", lines.get(1));
    return lines.get(0);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        // One that was probably meant.
        "--momentun 1 | Unknown option: '--momentun': --momentum?",
        // One of timm, with and without a value in it, before one that is only similar.
        "--momentun --amp | Unknown option: '--momentun': --momentum?",
        "--amp | Unknown option: '--amp', of timm: Deeplearning4j trains in FLOAT",
        "--mixup=0.2 | Unknown option: '--mixup', of timm: images are mirrored (--hflip)",
        "--local_rank=0 | Unknown option: '--local_rank', of timm: one process trains",
        // A number is the value of an option that takes none.
        "--hflip 0.5 | . --hflip takes no number: it mirrors every second image",
        "--hflip -0.5 | Unmatched argument at index 1: '-0.5'",
        "--hflip folder | Unmatched argument at index 1: 'folder'",
        // Constants as they are typed.
        "--kind third | [first_kind, other] but was 'third'",
      })
  void itIsNamedWithWhatThereIsInstead(String line, String message) {
    String said = said(line.split(" "));
    assertTrue(said.contains(message), said);
  }
}
