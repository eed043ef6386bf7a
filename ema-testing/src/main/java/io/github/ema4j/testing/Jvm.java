// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.testing;

import java.io.File;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** Starts other Java processes on this test's class path. */
public final class Jvm {

  private Jvm() {}

  private static final String CLASS_PATH =
      System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));

  public static Process start(Class<?> main, String... arguments) throws IOException {
    return start(List.of(), CLASS_PATH, main, arguments);
  }

  /** With a shell command that runs the rest, such as one that sets a limit. */
  public static Process startUnder(List<String> shell, Class<?> main, String... arguments)
      throws IOException {
    return start(shell, CLASS_PATH, main, arguments);
  }

  /** The test classes are there, the plugin is not. */
  public static Process withoutEma4j(Class<?> main, String... arguments) throws IOException {
    String classPath =
        Arrays.stream(CLASS_PATH.split(File.pathSeparator))
            .filter(entry -> !isEma4j(entry))
            .collect(Collectors.joining(File.pathSeparator));
    return start(List.of(), classPath, main, arguments);
  }

  private static boolean isEma4j(String entry) {
    String path = entry.replace(File.separatorChar, '/');
    return path.matches(".*/ema-(core|dl4j)/target/classes/?")
        || path.matches(".*/ema-(core|dl4j)-[^/]*\\.jar");
  }

  private static Process start(
      List<String> prefix, String classPath, Class<?> main, String... arguments)
      throws IOException {
    List<String> command = new ArrayList<>(prefix);
    command.add(System.getProperty("java.home") + "/bin/java");
    // Short lives: no time for the second compiler, one thread for the garbage.
    command.addAll(
        List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:-UsePerfData", "-Xmx256m"));
    command.addAll(List.of("-cp", classPath, main.getName()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("OMP_NUM_THREADS", "1");
    return builder.redirectError(ProcessBuilder.Redirect.DISCARD).start();
  }
}
