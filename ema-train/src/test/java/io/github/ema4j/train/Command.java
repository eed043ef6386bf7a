// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;

/** Runs the train command, in this process or in one of its own. */
final class Command {
  private Command() {}

  /** What came of it. */
  record Outcome(int code, String out, String err) {
    Outcome ok() {
      assertEquals(0, code, out + err);
      return this;
    }

    /** Ended with exit code 2 and a message, without a stack trace, that has these parts. */
    Outcome refused(String... parts) {
      assertEquals(2, code, out + err);
      for (String part : parts) {
        assertTrue(err.contains(part), "'" + part + "' is not in: " + err);
      }
      assertTrue(!err.contains("\tat "), err);
      return this;
    }
  }

  static Outcome train(Object... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine command =
        Train.commandLine(new Train()).setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
    int code = command.execute(texts(arguments).toArray(String[]::new));
    return new Outcome(code, out.toString(), err.toString());
  }

  /** Starts a JVM with the command, as the user's shell does. */
  static Process start(Path log, Object... arguments) throws IOException {
    return start(log, List.of(), arguments);
  }

  /** With a shell command that runs the rest, such as one that sets a limit. */
  static Process start(Path log, List<String> shell, Object... arguments) throws IOException {
    List<String> command = new ArrayList<>(shell);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx512m", "-cp"));
    command.add(
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
    command.add(Train.class.getName());
    command.addAll(texts(arguments));
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
    builder.environment().put("OMP_NUM_THREADS", "1");
    return builder.start();
  }

  /** Waits until the log of a process has a text. */
  static void await(Process process, Path log, String text)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + 120_000_000_000L;
    while (!Files.readString(log).contains(text)) {
      assertTrue(process.isAlive(), () -> "ended before '" + text + "': " + read(log));
      assertTrue(System.nanoTime() < deadline, () -> "no '" + text + "' yet: " + read(log));
      Thread.sleep(20);
    }
  }

  static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return e.toString();
    }
  }

  private static List<String> texts(Object... arguments) {
    List<String> texts = new ArrayList<>();
    for (Object argument : arguments) {
      texts.add(argument.toString());
    }
    return texts;
  }
}
