// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.notebooks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.examples.notebooks.Notebook.Output;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.shade.jackson.databind.ObjectMapper;

/** The notebooks run from top to bottom, and what would stop a reader fails here. */
@Tag("slow")
class NotebookTest {

  /**
   * What the texts say of the numbers, whatever these are on a processor: by how much they differ
   * from it is many times what a processor changes.
   */
  private static final Map<String, String[]> CLAIMS =
      Map.of(
          "01-one-line-to-add.ipynb",
          new String[] {
            // averaged better in every epoch, and climbing
            "java.util.stream.IntStream.range(0, 7).allMatch(i -> averaged[i] > raw[i])",
            "java.util.stream.IntStream.range(1, 7)"
                + ".allMatch(i -> averaged[i] > averaged[i - 1] - 0.002)",
            "java.util.stream.IntStream.range(1, 7).anyMatch(i -> raw[i] < raw[i - 1] - 0.01)"
          },
          "02-which-decay.ipynb",
          new String[] {
            // 0.9999 mostly random weights, and better than the raw ones with the warm-up
            "history.get(5).averages().get(2).score() < history.get(5).raw() / 2",
            "history.get(5).averages().get(3).score() > history.get(5).raw()"
          },
          "03-batch-norm.ipynb",
          new String[] {
            // the average of variances better than the raw weights, and as good as recalibrated
            "java.util.stream.IntStream.range(1, 4)"
                + ".allMatch(i -> rows.get(i)[1] > rows.get(i)[0] - 0.01)",
            "rows.get(3)[1] > rows.get(3)[3] - 0.03",
            // the form makes no difference before the activation
            "rowsBefore.stream().allMatch(row -> Math.abs(row[1] - row[2]) < 0.01)"
          },
          "04-several-decays.ipynb",
          new String[] {
            // each average better than the raw weights, and from 0.03 on all lengths as good
            "scores.averages().stream().allMatch(average -> average.score() > scores.raw())",
            "java.util.stream.IntStream.range(2, 12)"
                + ".allMatch(i -> accuracies[i] > found.best().score() - 0.013)"
          },
          "05-resume-and-deploy.ipynb",
          new String[] {
            "sameBits(whole.params(), resumed.params())",
            "sameBits(wholeEma.shadow(), run.ema().shadow())"
          });

  /** Computed by Python: {@code hashlib.sha256(b"System.out.println(1);\0").hexdigest()}. */
  private static final String SHA256 =
      "ebaca269e8f5c5108670d9ce9c62e7ac33f9c2d6d74dc4b5e6872a3ac1be114b";

  @TempDir Path directory;

  @TestFactory
  Stream<DynamicTest> notebooksRunAndShowWhatTheyClaim() throws IOException {
    List<Path> files;
    try (Stream<Path> all = Files.list(Path.of("notebooks"))) {
      files = all.filter(file -> file.toString().endsWith(".ipynb")).sorted().toList();
    }
    assertEquals(5, files.size(), "notebooks");
    return files.stream()
        .map(
            file ->
                DynamicTest.dynamicTest(file.getFileName().toString(), () -> runsShowing(file)));
  }

  private static void runsShowing(Path file) throws IOException {
    Notebook notebook = Notebook.read(file);
    notebook.requirePortable();
    String[] claims = CLAIMS.getOrDefault(notebook.name(), new String[0]);
    List<Set<Output>> shown = CellRunner.run(notebook, claims);
    assertTrue(
        shown.stream().anyMatch(outputs -> outputs.contains(Output.IMAGE)),
        file + ": no cell ends in an image");
    notebook.requireOutputsInStep(shown);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "throw new IllegalStateException(\"so\"); | throws java.lang.IllegalStateException: so",
        "int i = missing; | does not compile: cannot find symbol",
        "int i = undeclared(); | does not compile",
        "int f() { return undeclared(); } f(); | throws",
        "List.of(1 | is not complete",
        "\"text\".length() | ends in a value that a kernel would print: int",
        "System.out.printf(\"\"); | ends in a value that a kernel would print: java.io.PrintStream",
      })
  void cellThatFailsIsReported(String source, String message) throws IOException {
    Notebook notebook = Notebook.read(notebook("int fine = 1;", source));
    AssertionError e = assertThrows(AssertionError.class, () -> CellRunner.run(notebook));
    assertTrue(e.getMessage().startsWith("test.ipynb, cell 3 " + message), e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"i > 1", "j > 0", "throw new Error()"})
  void claimThatIsNotTrueIsReported(String claim) throws IOException {
    Notebook notebook = Notebook.read(notebook("int i = 1;"));
    CellRunner.run(notebook, "i == 1");
    AssertionError e = assertThrows(AssertionError.class, () -> CellRunner.run(notebook, claim));
    assertTrue(e.getMessage().startsWith("test.ipynb claims " + claim), e.getMessage());
  }

  @Test
  void whatEachCellShowsIsSeen() throws IOException {
    Path file =
        notebook(
            "import java.awt.image.BufferedImage;",
            "BufferedImage image = new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB);\nimage",
            "System.out.println(\"text\");",
            "System.out.println(\"both\");\nimage");
    assertEquals(
        List.of(
            Set.of(), Set.of(Output.IMAGE), Set.of(Output.TEXT), Set.of(Output.TEXT, Output.IMAGE)),
        CellRunner.run(Notebook.read(file)));
  }

  @Test
  void notebookWithoutImageFails() throws IOException {
    Path file = notebook("int i = 1;");
    assertThrows(AssertionError.class, () -> runsShowing(file));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"%dependency /add a:b:1", "int i = 1;\\n%maven a:b:1", "/resolve"})
  void magicsAreRefused(String source) throws IOException {
    Notebook notebook = Notebook.read(notebook(source.replace("\\n", "\n")));
    AssertionError e = assertThrows(AssertionError.class, notebook::requirePortable);
    assertTrue(e.getMessage().contains("cell 2 has a magic"), e.getMessage());
  }

  @Test
  void commentsAreNoMagics() throws IOException {
    Notebook.read(notebook("// 100 %\n/* all\n * of it */\nint i = 7\n    % 2;")).requirePortable();
  }

  @Test
  void outputsOfOtherCodeAreRefused() throws IOException {
    Notebook notebook = executed("System.out.println(1);", "1\\n");
    notebook.requireOutputsInStep(List.of(Set.of(Output.TEXT)));

    AssertionError e =
        assertThrows(
            AssertionError.class,
            () -> notebook.requireOutputsInStep(List.of(Set.of(Output.IMAGE))));
    assertTrue(e.getMessage().contains("shows [IMAGE], but stored is [TEXT]"), e.getMessage());

    Notebook edited = executed("System.out.println(2);", "1\\n");
    e =
        assertThrows(
            AssertionError.class, () -> edited.requireOutputsInStep(List.of(Set.of(Output.TEXT))));
    assertTrue(e.getMessage().contains("those of other code"), e.getMessage());
  }

  @ParameterizedTest
  @ValueSource( // in parts, as continuous integration looks for such paths in sources, too
      strings = {"/tmp/checkpoints123/a.zip", "/ho" + "me/ann/x", "C:" + "\\\\Users\\\\ann"})
  void placesOnOneMachineAreRefused(String place) throws IOException {
    Notebook notebook = executed("System.out.println(1);", "saved to " + place + "\\n");
    AssertionError e = assertThrows(AssertionError.class, notebook::requirePortable);
    assertTrue(e.getMessage().contains("a place on one machine"), e.getMessage());
  }

  /** A notebook with an output as it is stored, and the SHA-256 of System.out.println(1). */
  private Notebook executed(String source, String printed) throws IOException {
    Path file = notebook(source);
    String stored =
        Files.readString(file)
            .replace(
                "\"outputs\":[]",
                "\"outputs\":[{\"output_type\":\"stream\",\"text\":[\"%s\"]}]".formatted(printed))
            .replaceFirst(
                "^\\{",
                "{\"metadata\":{\"ema4j\":{\"outputs_of_code_sha256\":\"" + SHA256 + "\"}},");
    return Notebook.read(Files.writeString(file, stored));
  }

  /** Writes a notebook of a text cell and these code cells. */
  private Path notebook(String... sources) throws IOException {
    StringBuilder cells = new StringBuilder("{\"cell_type\":\"markdown\",\"source\":[\"text\"]}");
    for (String source : sources) {
      cells.append(
          ",{\"cell_type\":\"code\",\"execution_count\":null,\"outputs\":[],\"source\":[%s]}"
              .formatted(new ObjectMapper().writeValueAsString(source)));
    }
    return Files.writeString(directory.resolve("test.ipynb"), "{\"cells\":[" + cells + "]}");
  }
}
