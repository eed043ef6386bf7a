// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.notebooks;

import io.github.ema4j.examples.notebooks.Notebook.Cell;
import io.github.ema4j.examples.notebooks.Notebook.Output;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import jdk.jshell.EvalException;
import jdk.jshell.ExpressionSnippet;
import jdk.jshell.JShell;
import jdk.jshell.JShellException;
import jdk.jshell.Snippet;
import jdk.jshell.Snippet.SubKind;
import jdk.jshell.SnippetEvent;
import jdk.jshell.SourceCodeAnalysis.CompletionInfo;
import jdk.jshell.VarSnippet;

/** A JShell in this process, with the class path of the tests, that runs cells of a notebook. */
final class CellRunner implements AutoCloseable {

  private final Notebook notebook;
  private final JShell shell = JShell.builder().executionEngine("local").build();

  private CellRunner(Notebook notebook) {
    this.notebook = notebook;
    String classPath =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    for (String entry : classPath.split(File.pathSeparator)) {
      shell.addToClasspath(entry);
    }
  }

  /**
   * Runs all cells.
   *
   * @param claims of the text, as expressions over what the cells have declared
   * @return what each cell shows: what it prints, and the image that it ends in
   * @throws AssertionError if a cell does not compile, throws, or ends in a value of another type,
   *     or if a claim is not true then
   */
  static List<Set<Output>> run(Notebook notebook, String... claims) {
    PrintStream console = System.out; // the shell runs in this process, so that a cell prints there
    try (CellRunner runner = new CellRunner(notebook)) {
      List<Set<Output>> shown = new ArrayList<>();
      for (Cell cell : notebook.cells()) {
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        Optional<String> value = runner.run(cell);
        System.setOut(console);
        if (value.isPresent() && !value.get().endsWith("BufferedImage")) {
          throw notebook.failure(
              cell, "ends in a value that a kernel would print: " + value.orElseThrow());
        }
        Set<Output> outputs = EnumSet.noneOf(Output.class);
        if (printed.size() > 0) {
          outputs.add(Output.TEXT);
        }
        if (value.isPresent()) {
          outputs.add(Output.IMAGE);
        }
        shown.add(outputs);
      }
      for (String claim : claims) {
        runner.requireTrue(claim);
      }
      return shown;
    } finally {
      System.setOut(console);
    }
  }

  private void requireTrue(String claim) {
    for (SnippetEvent event : shell.eval(claim)) {
      if (!"true".equals(event.value())) {
        throw new AssertionError("%s claims %s: %s".formatted(notebook.name(), claim, event));
      }
    }
  }

  /** Runs a cell; gives the type of the expression that it ends in, if it does and has a value. */
  private Optional<String> run(Cell cell) {
    Optional<String> type = Optional.empty();
    String rest = cell.source();
    while (!rest.isBlank()) {
      CompletionInfo next = shell.sourceCodeAnalysis().analyzeCompletion(rest);
      if (!next.completeness().isComplete()) {
        throw notebook.failure(cell, "is not complete:\n" + rest);
      }
      for (SnippetEvent event : shell.eval(next.source())) {
        requireSuccess(cell, event);
        if (event.causeSnippet() == null) {
          type = typeOfValue(event.snippet());
        }
      }
      rest = next.remaining();
    }
    return type;
  }

  private void requireSuccess(Cell cell, SnippetEvent event) {
    String source = event.snippet().source();
    if (event.status() == Snippet.Status.REJECTED) {
      String errors =
          shell
              .diagnostics(event.snippet())
              .map(diagnostic -> diagnostic.getMessage(null))
              .collect(Collectors.joining("; "));
      throw notebook.failure(cell, "does not compile: " + errors + "\n" + source);
    }
    if (event.exception() != null) {
      AssertionError failure =
          notebook.failure(cell, "throws " + describe(event.exception()) + "\n" + source);
      failure.initCause(event.exception());
      throw failure;
    }
  }

  private static String describe(JShellException exception) {
    return exception instanceof EvalException thrown
        ? thrown.getExceptionClassName() + ": " + thrown.getMessage()
        : exception.getMessage();
  }

  private static Optional<String> typeOfValue(Snippet snippet) {
    if (snippet instanceof VarSnippet variable
        && variable.subKind() == SubKind.TEMP_VAR_EXPRESSION_SUBKIND) {
      return Optional.of(variable.typeName());
    }
    return snippet instanceof ExpressionSnippet expression
        ? Optional.of(expression.typeName())
        : Optional.empty();
  }

  @Override
  public void close() {
    shell.close();
  }
}
