// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.docs;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Tests that compare trained numbers by size carry the tag {@code numbers}, by which {@code
 * .ci/processors} finds them.
 */
class NumbersTagTest {

  private static final Pattern TAG = Pattern.compile("@Tag\\(\"numbers\"\\)");
  private static final Pattern TRAINS = Pattern.compile("\\.(fit|run|train)\\(|::train\\b");
  private static final Pattern ASSERTION =
      Pattern.compile("\\bassert(True|False|Equals)\\((\"[^\"]*\"|[^;\"])*;");
  private static final Pattern SIZE = Pattern.compile("\\s[<>]=?\\s");

  /** A fraction, or what a score is called: the one side, if not both, was trained. */
  private static final Pattern SCORE =
      Pattern.compile("\\d\\.\\d|\\de-\\d|(?i:accurac|score\\(|loss|gain|eval_)");

  /** Whether a test of this source trains, compares a score by size, and has no tag. */
  private static boolean forgets(String source) {
    return TRAINS.matcher(source).find()
        && ASSERTION
            .matcher(source)
            .results()
            .map(assertion -> assertion.group())
            .anyMatch(
                assertion -> SIZE.matcher(assertion).find() && SCORE.matcher(assertion).find())
        && !TAG.matcher(source).find();
  }

  @Test
  void testsThatCompareTrainedNumbersAreTagged() throws IOException {
    List<Path> tests;
    try (Stream<Path> modules = Files.list(Path.of(".."))) {
      tests =
          modules
              .map(module -> module.resolve("src/test/java"))
              .filter(Files::isDirectory)
              .flatMap(NumbersTagTest::testsBelow)
              .toList();
    }
    assertTrue(tests.size() > 100, "only " + tests.size() + " classes of tests");
    for (Path test : tests) {
      assertFalse(
          forgets(Files.readString(test)),
          test + " trains and compares a score by size: tag it @Tag(\"numbers\")");
    }
  }

  private static Stream<Path> testsBelow(Path directory) {
    try (Stream<Path> files = Files.walk(directory)) {
      return files
          .filter(file -> file.toString().endsWith("Test.java"))
          .filter(file -> !file.endsWith(NumbersTagTest.class.getSimpleName() + ".java"))
          .toList()
          .stream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "assertTrue(averaged > raw + 0.01, \"averaged;\" + averaged);",
        "assertTrue(\n    accuracies.best() >=\n accuracies.raw());",
        "assertEquals(name.equals(\"x\"), change > 1e-4);",
      })
  void comparisonOfTrainedNumbersNeedsTheTag(String assertion) {
    assertTrue(forgets("net.fit(data);" + assertion));
    assertFalse(forgets("@Tag(\"numbers\") class A { net.fit(data);" + assertion));
    assertFalse(forgets("int untrained;" + assertion));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "assertTrue(ema.updateCount() >= 4);",
        "assertEquals(0.5, accuracy);",
        "Map<String, Double> losses; assertTrue(losses.isEmpty()); int i = 1 < 0.5 ? 1 : 2;",
      })
  void countsAndEqualitiesDoNot(String source) {
    assertFalse(forgets("net.fit(data);" + source));
  }
}
